import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const gateway = process.env["ATELIER_GATEWAY"] ?? "http://127.0.0.1:8080";
const served = ["/api", "/v1", "/health", "/openapi.json", "/docs", "/redoc"];

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    target: "es2023",
    // Inlined assets would be data: URLs, which the gateway's content security policy keeps out of scripts and fonts.
    assetsInlineLimit: 0,
  },
  server: {
    host: "127.0.0.1",
    proxy: Object.fromEntries(served.map((path) => [path, { target: gateway, ws: path === "/api" }])),
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
