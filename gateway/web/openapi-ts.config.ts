import { defineConfig } from "@hey-api/openapi-ts";

// openapi.json is what `python -m gateway.openapi` prints.
export default defineConfig({
  input: "./openapi.json",
  output: { path: "./src/client", postProcess: [] },
  plugins: ["@hey-api/client-fetch", "@hey-api/typescript", { name: "@hey-api/sdk", auth: false }],
});
