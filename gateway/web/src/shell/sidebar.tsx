import { Link } from "@tanstack/react-router";
import { Tooltip } from "@/components/tooltip/tooltip";
import { cn } from "@/lib/cn";
import { SECTIONS } from "./sections";

export function Brand({ compact = false }: { compact?: boolean }) {
  return (
    <Link to="/" aria-label="Atelier, home" className="flex items-center gap-2.5 rounded-lg">
      <img src="/favicon.svg" alt="" width={28} height={28} className="size-7" />
      {!compact && <span className="font-serif text-2xl leading-none tracking-tight">Atelier</span>}
    </Link>
  );
}

interface NavigationProps {
  /** Icons only, their names in tooltips. */
  compact?: boolean;
  onNavigate?: () => void;
}

export function Navigation({ compact = false, onNavigate }: NavigationProps) {
  return (
    <nav aria-label="Sections" className="grid gap-5">
      {SECTIONS.map((group) => (
        <div key={group.title} className="grid gap-0.5">
          <h2 className={cn("px-2.5 pb-1 text-xs font-medium text-muted", compact && "sr-only")}>{group.title}</h2>
          {group.items.map(({ to, label, icon: Icon }) => {
            const link = (
              <Link
                key={to}
                to={to}
                {...(onNavigate ? { onClick: onNavigate } : {})}
                activeOptions={{ exact: to === "/", includeSearch: false }}
                className={cn(
                  "flex h-9 items-center gap-2.5 rounded-lg px-2.5 font-medium text-muted transition-colors hover:bg-hover hover:text-foreground data-[status=active]:bg-accent-soft data-[status=active]:text-accent",
                  compact && "w-9 justify-center px-0",
                )}
              >
                <Icon aria-hidden="true" className="size-4.5 shrink-0" />
                <span className={compact ? "sr-only" : ""}>{label}</span>
              </Link>
            );
            return compact ? (
              <Tooltip key={to} text={label} side="right">
                {link}
              </Tooltip>
            ) : (
              link
            );
          })}
        </div>
      ))}
    </nav>
  );
}
