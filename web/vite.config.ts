import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { compressed } from "./scripts/compressed.ts";

/** Where `npm run dev` finds the API: a `standalone`, or any other. */
const api = process.env.TALLY_API_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react(), compressed()],
  server: {
    proxy: Object.fromEntries(
      ["/api", "/docs", "/livez", "/readyz", "/metrics", "/openapi.json"].map((path) => [
        path,
        api,
      ]),
    ),
  },
  build: {
    target: ["chrome123", "firefox121", "safari17.5"],
    // A strict Content-Security-Policy allows no data: URLs in scripts or styles.
    assetsInlineLimit: 0,
    sourcemap: false,
  },
  test: {
    include: ["src/**/*.test.ts"],
    environment: "node",
  },
});
