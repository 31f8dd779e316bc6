import type { Env } from "../../src/env.ts";
import type * as worker from "./movable-worker/index.ts";

declare global {
  namespace Cloudflare {
    interface GlobalProps {
      mainModule: typeof worker;
    }
    interface Env extends WorkerEnv {
      /** Objects of a build before this one. */
      OLDER_QUEUE: DurableObjectNamespace;
    }
  }
}

type WorkerEnv = Env;

declare module "vitest" {
  interface ProvidedContext {
    /** The first seed of the tests that have several. */
    seed: number;
    /** How many of them. */
    seeds: number;
  }
}
