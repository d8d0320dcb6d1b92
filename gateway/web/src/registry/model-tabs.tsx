import { Link } from "@tanstack/react-router";
import { cn } from "@/lib/cn";

const TABS = [
  { to: "/models", label: "Language" },
  { to: "/models/images", label: "Image & video" },
] as const;

/** The two halves of the Models pages: servers that write, and models that make pictures. */
export function ModelTabs() {
  return (
    <nav aria-label="Kinds of models" className="flex w-fit gap-1 rounded-xl bg-sunken p-1 dark:border">
      {TABS.map(({ to, label }) => (
        <Link
          key={to}
          to={to}
          activeOptions={{ exact: true }}
          className={cn(
            "flex h-7 items-center rounded-lg px-2.5 text-[0.8125rem] font-medium text-muted hover:text-foreground",
            "aria-[current=page]:bg-surface aria-[current=page]:text-foreground aria-[current=page]:shadow-card dark:aria-[current=page]:bg-hover",
          )}
        >
          {label}
        </Link>
      ))}
    </nav>
  );
}
