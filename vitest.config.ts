import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts"],
    // Tests that train or start processes share two cores with one another on small machines.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
