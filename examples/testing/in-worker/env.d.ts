/** What `wrangler types` makes of wrangler.jsonc. */
declare namespace Cloudflare {
  interface Env {
    SENT: KVNamespace;
  }
  interface GlobalProps {
    mainModule: typeof import("./src/index.ts");
  }
}
