import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { PageHeader } from "@/components/page-header/page-header";

const PAGES = [
  { to: "/settings", label: "This browser" },
  { to: "/settings/routing", label: "Routing" },
] as const;

/** The head of every page of the settings, and the way between them. */
export function SettingsHeader({ children }: { children: ReactNode }) {
  return (
    <>
      <PageHeader title="Settings">{children}</PageHeader>
      <nav aria-label="Settings" className="flex gap-1 border-b">
        {PAGES.map(({ to, label }) => (
          <Link
            key={to}
            to={to}
            activeOptions={{ exact: true }}
            className="-mb-px border-b-2 border-transparent px-3 py-2 font-medium text-muted hover:text-foreground data-[status=active]:border-accent data-[status=active]:text-foreground"
          >
            {label}
          </Link>
        ))}
      </nav>
    </>
  );
}
