/**
 * What the objects and requests of one isolate share. It is lost with the isolate, and nothing depends on it for being
 * right: it spares work that would fail.
 */
import { RecentFailures } from "./object/recent-failures.ts";

export const isolate = {
  /** Queues whose object was reset because a commit failed. */
  failures: new RecentFailures(),
};
