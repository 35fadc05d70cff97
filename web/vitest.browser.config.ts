import { defineConfig } from "vitest/config";

/** The tests in a real browser: `npm run browser`. */
export default defineConfig({
  test: {
    include: ["tests/**/*.browser.ts"],
    environment: "node",
    // One server and one browser for all; journeys change what the next one sees.
    fileParallelism: false,
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
