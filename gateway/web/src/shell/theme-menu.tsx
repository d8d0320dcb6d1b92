import { Monitor, Moon, Sun } from "lucide-react";
import { IconButton } from "@/components/icon-button/icon-button";
import { Menu, MenuContent, MenuRadio, MenuRadioGroup, MenuTrigger } from "@/components/menu/menu";
import { setTheme, type Theme, theme } from "./theme";

export const THEMES = [
  { value: "system", label: "System", icon: Monitor },
  { value: "light", label: "Light", icon: Sun },
  { value: "dark", label: "Dark", icon: Moon },
] as const;

export function ThemeMenu() {
  const current = theme.use();
  return (
    <Menu>
      <MenuTrigger>
        <IconButton label="Theme">
          <Sun className="dark:hidden" />
          <Moon className="hidden dark:block" />
        </IconButton>
      </MenuTrigger>
      <MenuContent>
        <MenuRadioGroup value={current} onValueChange={(value) => setTheme(value as Theme)}>
          {THEMES.map(({ value, label, icon: Icon }) => (
            <MenuRadio key={value} value={value}>
              <Icon />
              {label}
            </MenuRadio>
          ))}
        </MenuRadioGroup>
      </MenuContent>
    </Menu>
  );
}
