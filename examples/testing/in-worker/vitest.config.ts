import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [cloudflareTest({ wrangler: { configPath: "./wrangler.jsonc" } })],
  test: {
    // In one file: modules that are loaded one by one take twice as long.
    deps: { optimizer: { ssr: { enabled: true, include: ["durable-queue/server"] } } },
  },
});
