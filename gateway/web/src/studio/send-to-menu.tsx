import { Link } from "@tanstack/react-router";
import { Brush, Film, Grid3x3, Images, type LucideIcon, Scaling, WandSparkles } from "lucide-react";
import type { Asset } from "@/api/types";
import { IconButton } from "@/components/icon-button/icon-button";
import { Menu, MenuContent, MenuItem, MenuTrigger } from "@/components/menu/menu";
import type { StudioPage } from "./pages";

/** What can be made of an asset, by its kind. */
const PLACES: Record<string, readonly { to: StudioPage; label: string; icon: LucideIcon }[]> = {
  image: [
    { to: "/image-to-image", label: "Image to Image", icon: Images },
    { to: "/inpaint", label: "Inpaint", icon: Brush },
    { to: "/grid", label: "Grid", icon: Grid3x3 },
    { to: "/image-to-video", label: "Image to Video", icon: Film },
    { to: "/upscale", label: "Upscale", icon: Scaling },
  ],
  video: [{ to: "/upscale", label: "Upscale", icon: Scaling }],
};

/** Go on with an asset in another mode. */
export function SendToMenu({ asset }: { asset: Asset }) {
  const places = PLACES[asset.kind] ?? [];
  if (places.length === 0) return null;
  return (
    <Menu>
      <MenuTrigger>
        <IconButton label="Go on with it in…">
          <WandSparkles />
        </IconButton>
      </MenuTrigger>
      <MenuContent>
        {places.map(({ to, label, icon: Icon }) => (
          <MenuItem key={to} asChild>
            <Link to={to} search={{ [asset.kind]: asset.id }}>
              <Icon />
              {label}
            </Link>
          </MenuItem>
        ))}
      </MenuContent>
    </Menu>
  );
}
