import type { Sessions } from "../socket/sessions.ts";
import type { CommitBatcher } from "./commit-batcher.ts";
import type { ExpectedCallers } from "./expected-callers.ts";
import type { Pendings } from "./pendings.ts";

/** The parts of a queue's object that commands pass through before they are applied, and results after. */
export interface Arrivals {
  sessions: Sessions;
  pendings: Pendings;
  batcher: CommitBatcher;
  callers: ExpectedCallers;
}
