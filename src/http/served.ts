import type { Principal } from "../api/keys/principal.ts";
import type { ServerEnv } from "../env.ts";

/** What the handlers of requests are given. */
export interface Served {
  Bindings: ServerEnv;
  Variables: {
    /** Who makes the request; set by `requireAuthkey`. */
    principal: Principal;
  };
}
