import type { Principal } from "../api/principal.ts";
import type { Env } from "../env.ts";

/** What the handlers of requests are given. */
export interface Served {
  Bindings: Env;
  Variables: {
    /** Who makes the request; set by `requireAuthkey`. */
    principal: Principal;
  };
}
