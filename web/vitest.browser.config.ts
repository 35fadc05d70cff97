import { defineConfig } from "vitest/config";

/** The tests in a real browser: `npm run browser`. */
export default defineConfig({
  test: {
    include: ["tests/**/*.browser.ts"],
    environment: "node",
    globalSetup: "tests/setup.ts",
    // One site for all, and few cores.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 10_000 } },
  },
});
