import { Outlet, useRouterState } from "@tanstack/react-router";
import { Menu as MenuIcon, Search } from "lucide-react";
import { Tooltip } from "radix-ui";
import { lazy, Suspense, useEffect, useState } from "react";
import { Button } from "@/components/button/button";
import { Dialog } from "@/components/dialog/dialog";
import { IconButton } from "@/components/icon-button/icon-button";
import { Toaster } from "@/components/toast/toaster";
import { LiveJobs } from "@/jobs/live-jobs";
import { JobTray } from "./job-tray";
import { ModelSwitcher } from "./model-switcher";
import { Brand, Navigation } from "./sidebar";
import { StackStatus } from "./stack-status";
import { ThemeMenu } from "./theme-menu";
import { TokenDialog } from "./token-dialog";

const CommandPalette = lazy(() => import("./command-palette"));
const MODIFIER = navigator.platform.startsWith("Mac") ? "⌘" : "Ctrl";

export function Layout() {
  const [navigation, setNavigation] = useState(false);
  const [palette, setPalette] = useState(false);
  const busy = useRouterState({ select: (state) => state.status === "pending" });

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey)
        return;
      event.preventDefault();
      setPalette((open) => !open);
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, []);

  return (
    <Tooltip.Provider delayDuration={400}>
      <a
        href="#content"
        className="fixed top-2 left-2 z-60 -translate-y-16 rounded-lg bg-accent px-3 py-2 text-accent-foreground focus-visible:translate-y-0"
      >
        Skip to content
      </a>
      <div className="flex h-dvh">
        <aside className="hidden shrink-0 flex-col gap-6 overflow-y-auto border-r px-3 py-4 md:flex md:w-15 lg:w-56">
          <div className="hidden lg:contents">
            <div className="px-2">
              <Brand />
            </div>
            <Navigation />
          </div>
          <div className="contents lg:hidden">
            <Brand compact />
            <Navigation compact />
          </div>
        </aside>
        <div className="flex min-w-0 grow flex-col">
          <header className="relative flex h-14 shrink-0 items-center gap-1 border-b px-3 md:px-5">
            <IconButton label="Open navigation" className="md:hidden" onClick={() => setNavigation(true)}>
              <MenuIcon />
            </IconButton>
            <div className="mr-auto flex min-w-0 items-center">
              <Button
                size="sm"
                className="text-muted max-sm:border-transparent max-sm:bg-transparent max-sm:px-2"
                onClick={() => setPalette(true)}
              >
                <Search />
                <span className="max-sm:sr-only">Search and commands</span>
                <kbd className="ml-4 rounded max-sm:hidden border px-1.5 font-sans text-xs">{MODIFIER} K</kbd>
              </Button>
            </div>
            <ModelSwitcher />
            <StackStatus />
            <JobTray />
            <ThemeMenu />
            {busy && <span aria-hidden="true" className="absolute inset-x-0 -bottom-px h-px animate-pulse bg-accent" />}
          </header>
          {/* Positioned, so that what is absolute in a long page does not lengthen the document around it. */}
          <main id="content" tabIndex={-1} className="relative min-h-0 grow overflow-y-auto outline-none">
            <Outlet />
          </main>
        </div>
      </div>
      <Dialog open={navigation} onOpenChange={setNavigation} side="left" title={<Brand />}>
        <Navigation onNavigate={() => setNavigation(false)} />
      </Dialog>
      <Suspense>{palette && <CommandPalette open={palette} onOpenChange={setPalette} />}</Suspense>
      <TokenDialog />
      <LiveJobs />
      <Toaster />
    </Tooltip.Provider>
  );
}
