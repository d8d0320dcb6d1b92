import { Link } from "@tanstack/react-router";
import { Compass } from "lucide-react";
import { Button } from "@/components/button/button";
import { EmptyState } from "@/components/empty-state/empty-state";

export function NotFoundPage() {
  return (
    <EmptyState
      icon={Compass}
      title="There is no such page"
      className="py-24"
      action={
        <Button asChild look="primary">
          <Link to="/">Back home</Link>
        </Button>
      }
    >
      The address may be mistyped, or the thing it led to is gone. Ctrl-K finds everything there is.
    </EmptyState>
  );
}
