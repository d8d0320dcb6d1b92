import { createValue } from "@/lib/value";

export type Theme = "light" | "dark" | "system";

// The same key and rule as public/theme.js, which runs before the first paint.
const KEY = "atelier.theme";

function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : "system";
  } catch {
    return "system";
  }
}

export const theme = createValue<Theme>(typeof localStorage === "undefined" ? "system" : stored());

function apply(choice: Theme): void {
  const dark = choice === "dark" || (choice === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
}

export function setTheme(choice: Theme): void {
  theme.set(choice);
  apply(choice);
  try {
    if (choice === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, choice);
  } catch {
    // Blocked storage: the choice then lasts as long as the page.
  }
}

/** Follow the system's theme, and choices made in other tabs, from now on. */
export function watchTheme(): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => apply(theme.get()));
  window.addEventListener("storage", (event) => {
    if (event.key !== KEY) return;
    theme.set(stored());
    apply(theme.get());
  });
}
