import type { MachineClock } from "../machine-clock.ts";
import type { Command } from "../queue/base/commands.ts";
import type { Queue } from "../queue/queue.ts";
import type { Session } from "../socket/session.ts";
import type { Sessions } from "../socket/sessions.ts";
import type { Arrivals } from "./arrivals.ts";
import type { CommitBatcher, Incoming } from "./commit-batcher.ts";
import type { Pendings } from "./pendings.ts";

/** A command that waits, and the connection that it came on. */
interface Wait {
  requestId: number;
  command: Command;
  connection?: object | undefined;
}

/**
 * Gives the queue again what waits: after the object was loaded, after a commit batch that failed, and when a connection
 * that was behind has caught up. A wait that is given again comes before all commands that arrived later.
 */
export class RestoredWaits {
  readonly #clock: MachineClock;
  readonly #sessions: Sessions;
  readonly #pendings: Pendings;
  readonly #batcher: CommitBatcher;

  constructor(clock: MachineClock, { sessions, pendings, batcher }: Arrivals) {
    this.#clock = clock;
    this.#sessions = sessions;
    this.#pendings = pendings;
    this.#batcher = batcher;
  }

  /** Restores the connections from before the object left memory, and what they wait for. */
  restore(): void {
    const waits = this.#sessions.restore();
    for (const { session, requestId, command } of waits) {
      this.#pendings.skipRequestIds(requestId);
      if (requestId !== session.subscriber) this.#pendings.restore(requestId, session, command);
    }
    this.#pendings.skipRequestIds(this.#sessions.lastSubscriber);
    this.#putBack(waits.map(({ session, ...wait }) => ({ ...wait, connection: session })));
  }

  /**
   * Gives a queue that was loaded again all that waits, except what belongs to the commit batch that failed.
   *
   * @returns the request ids of waits that are lost: see `Pendings.waiting`
   */
  reapply(failed: readonly Incoming[], now: number): number[] {
    const { waits, lost } = this.#pendings.waiting(now);
    if (failed.length > 1) this.#batcher.putBack(failed.map((incoming) => ({ ...incoming, isAlone: true })));
    const requestIds = new Set(failed.map(({ requestId }) => requestId));
    const subscriptions = this.#sessions
      .subscriptions()
      .map(({ session, ...wait }) => ({ ...wait, connection: session }));
    this.#sessions.tellWatchAgain();
    this.#putBack([...subscriptions, ...waits].filter(({ requestId }) => !requestIds.has(requestId)));
    return lost;
  }

  /** Takes the waits of a connection that is behind with reading out of the queue. */
  suspend(session: Session, queue: Queue): void {
    const requestIds = new Set(this.#appliedWaits(session).map(({ requestId }) => requestId));
    // A connection that had just caught up may have waits that are not applied again yet.
    this.#batcher.takeOut(requestIds);
    queue.leave(requestIds, session.subscriber);
  }

  /** Gives the queue the waits of a connection that has caught up. */
  resume(session: Session): void {
    session.tellWatchAgain();
    this.#putBack(this.#appliedWaits(session).map((wait) => ({ ...wait, connection: session })));
  }

  #appliedWaits(session: Session): { requestId: number; command: Command }[] {
    const isSubscription = (requestId: number) => requestId === session.subscriber;
    return session.waits().filter(({ requestId }) => isSubscription(requestId) || this.#pendings.wasApplied(requestId));
  }

  /** Each wait once, though the batcher may have it already. It takes no more memory than it did. */
  #putBack(waits: Wait[]): void {
    this.#batcher.takeOut(new Set(waits.map(({ requestId }) => requestId)));
    const arrivedAt = this.#clock.now();
    this.#batcher.putBack(
      waits.map(({ requestId, command, connection }) => ({
        requestId,
        command,
        characters: 0,
        connection,
        arrivedAt,
      })),
    );
  }
}
