import {
  Activity,
  BookText,
  Brush,
  ChartColumn,
  Clapperboard,
  Columns2,
  CodeXml,
  Cpu,
  Database,
  Film,
  Grid3x3,
  House,
  Image,
  Images,
  LibraryBig,
  type LucideIcon,
  MessageSquare,
  Palette,
  Scaling,
  Settings,
} from "lucide-react";

export interface Section {
  to: "/" | "/chat" | "/compare" | "/creator" | "/prompts" | "/presets" | "/text-to-image" | "/image-to-image" | "/inpaint" | "/grid" | "/upscale" | "/text-to-video" | "/image-to-video" | "/jobs" | "/assets" | "/datasets" | "/models" | "/usage" | "/settings";
  label: string;
  icon: LucideIcon;
  /** Other words people look for it with. */
  keywords: string[];
}

/** The places of the studio, for the navigation and the command palette alike. */
export const SECTIONS: readonly { title: string; items: readonly Section[] }[] = [
  {
    title: "Studio",
    items: [
      { to: "/", label: "Home", icon: House, keywords: ["start", "overview"] },
      { to: "/chat", label: "Chat", icon: MessageSquare, keywords: ["conversation", "language model", "llm"] },
      { to: "/compare", label: "Compare", icon: Columns2, keywords: ["models", "side by side", "which is better"] },
      { to: "/creator", label: "Creator", icon: CodeXml, keywords: ["code", "program", "component", "generate", "write"] },
      { to: "/text-to-image", label: "Text to Image", icon: Image, keywords: ["picture", "generate", "diffusion"] },
      {
        to: "/image-to-image",
        label: "Image to Image",
        icon: Images,
        keywords: ["picture", "variation", "sketch", "strength", "img2img"],
      },
      { to: "/inpaint", label: "Inpaint", icon: Brush, keywords: ["mask", "brush", "repair", "remove", "replace"] },
      { to: "/grid", label: "Grid", icon: Grid3x3, keywords: ["xyz plot", "compare", "vary", "sheet", "matrix", "picture"] },
      {
        to: "/text-to-video",
        label: "Text to Video",
        icon: Clapperboard,
        keywords: ["film", "clip", "animation", "camera", "generate"],
      },
      {
        to: "/image-to-video",
        label: "Image to Video",
        icon: Film,
        keywords: ["film", "clip", "animate", "camera", "pan", "zoom", "ken burns"],
      },
      { to: "/upscale", label: "Upscale", icon: Scaling, keywords: ["larger", "enlarge", "resolution", "super-resolution", "esrgan"] },
    ],
  },
  {
    title: "Library",
    items: [
      { to: "/assets", label: "Assets", icon: LibraryBig, keywords: ["gallery", "pictures", "upload", "files"] },
      {
        to: "/datasets",
        label: "Datasets",
        icon: Database,
        keywords: ["training data", "examples", "ratings", "rated answers", "fine-tune"],
      },
      { to: "/presets", label: "Presets", icon: Palette, keywords: ["styles", "negative prompt", "template", "look"] },
      { to: "/prompts", label: "Prompts", icon: BookText, keywords: ["templates", "variables", "system prompt"] },
    ],
  },
  {
    title: "Operate",
    items: [
      { to: "/jobs", label: "Jobs", icon: Activity, keywords: ["queue", "running", "history", "activity"] },
      { to: "/models", label: "Models", icon: Cpu, keywords: ["endpoint", "lm studio", "ollama", "openai", "health"] },
      { to: "/usage", label: "Usage", icon: ChartColumn, keywords: ["tokens", "cost", "price", "money", "spending"] },
      {
        to: "/settings",
        label: "Settings",
        icon: Settings,
        keywords: ["theme", "token", "api", "dark", "light", "routing", "fallback"],
      },
    ],
  },
];
