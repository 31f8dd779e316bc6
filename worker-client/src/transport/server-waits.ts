import type { PendingCall } from "./pending-call.ts";

/**
 * How many calls of a kind wait at the server at a time: together `SOCKET_WAITS_MAX`, the limit of a connection. Each
 * kind has a share of its own, so that gets that wait cannot keep out the puts that they wait for. Calls beyond it are
 * tried, and parked here.
 */
export const WAITS_MAX: Readonly<Record<string, number>> = { receive: 200, put: 30, join: 20 };

interface Share {
  readonly max: number;
  /** How many wait at the server, or may still do so. */
  held: number;
  /** The calls for which there was no room, in order. */
  readonly parked: Set<PendingCall>;
}

/** Which calls of one connection wait at the server, and which are parked here until there is room for them. */
export class ServerWaits {
  readonly #shares = new Map<string, Share>();

  constructor() {
    for (const [kind, max] of Object.entries(WAITS_MAX)) this.#shares.set(kind, { max, held: 0, parked: new Set() });
  }

  /** Takes a place at the server, if one is free. */
  take(kind: string): boolean {
    const share = this.#shares.get(kind);
    if (share === undefined || share.held >= share.max) return false;
    share.held += 1;
    return true;
  }

  /** Gives a place back. True if a call is parked here for it. */
  free(kind: string): boolean {
    const share = this.#shares.get(kind);
    if (share === undefined) return false;
    share.held -= 1;
    return share.parked.size > 0;
  }

  /** Parks a call that was tried. True if there is a place for it at once. */
  park(pending: PendingCall): boolean {
    const share = this.#shares.get(pending.call.verb);
    share?.parked.add(pending);
    return share !== undefined && share.held < share.max;
  }

  /** Removes a call that is parked here. */
  leave(pending: PendingCall): void {
    this.#shares.get(pending.call.verb)?.parked.delete(pending);
  }

  /** Removes the calls that were parked the longest, as many as there are places, which they take. */
  admit(): PendingCall[] {
    const admitted: PendingCall[] = [];
    for (const share of this.#shares.values()) {
      for (const pending of share.parked) {
        if (share.held >= share.max) break;
        share.held += 1;
        share.parked.delete(pending);
        admitted.push(pending);
      }
    }
    return admitted;
  }

  /** Forgets all waits of a connection that is gone. */
  clear(): void {
    for (const share of this.#shares.values()) {
      share.held = 0;
      share.parked.clear();
    }
  }
}
