import { Lease } from "../../message/lease.ts";

/** The lease of a message in a runner: it ends when the worker says so, which extends it. */
export class EndlessLease extends Lease {
  constructor() {
    super(Number.POSITIVE_INFINITY);
  }

  /** The handler has extended it: so it is known to the worker, which goes on to extend it. */
  override prolong(): void {
    // It has no end here.
  }
}
