import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [
    cloudflareTest({ wrangler: { configPath: "./wrangler.jsonc" }, miniflare: { bindings: { AUTHKEY: "test" } } }),
  ],
  test: {
    testTimeout: 20_000,
    // In one file: modules that are loaded one by one take twice as long.
    deps: { optimizer: { ssr: { enabled: true, include: ["durable-queue", "durable-queue/server"] } } },
  },
});
