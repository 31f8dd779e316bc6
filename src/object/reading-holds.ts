import { replyBytes } from "../isolate.ts";
import type { MachineClock } from "../machine-clock.ts";
import type { Command } from "../queue/base/commands.ts";
import type { Session } from "../socket/session.ts";
import type { Sessions } from "../socket/sessions.ts";
import type { Hold } from "./commit-batcher.ts";

/** How long a command may be held back, because connections do not read, before it is refused as `overloaded`. */
const HELD_MS_MAX = 10_000;

/** Why a connection is closed that takes nothing of what is sent to it (RFC 6455: it breaks a policy). */
const POLICY = 1008;

/** To be told what becomes of connections. */
export interface ReadingEvents {
  /** It was closed because it takes nothing. */
  closed(session: Session): void;
  /** It is so far behind that nothing more is done for it. */
  behind(session: Session): void;
  caughtUp(session: Session): void;
}

/** Holds commands back for as long as connections have too much unread. */
export class ReadingHolds {
  readonly #sessions: Sessions;
  readonly #clock: MachineClock;
  readonly #events: ReadingEvents;

  constructor(sessions: Sessions, clock: MachineClock, events: ReadingEvents) {
    this.#sessions = sessions;
    this.#clock = clock;
    this.#events = events;
  }

  /**
   * Looks at how far connections are with reading, and answers which commands must wait. Throws where clients that were
   * closed hold so much that only the end of the object frees it.
   */
  look(): Hold {
    const { readers } = this.#sessions;
    if (readers.isAbandonedTooMuch) throw new Error("Clients that do not read hold too much of what was sent to them.");
    if (!readers.areAny) return this.mayHandOut ? () => undefined : holdLarge;
    const { behind, caughtUp, stalled } = readers.look(this.#clock.now());
    for (const session of stalled) {
      session.socket.close(POLICY, "The connection does not read what is sent to it.");
      this.#sessions.close(session.socket);
      this.#events.closed(session);
    }
    for (const session of behind) this.#events.behind(session);
    for (const session of caughtUp) this.#events.caughtUp(session);
    return ({ connection, command }) => {
      // A connection that is behind goes on or is closed: what it asks waits for as long as that takes.
      if ((connection as Session | undefined)?.isBehind) return Number.POSITIVE_INFINITY;
      return this.mayHandOut || !mayBeLarge(command) ? undefined : HELD_MS_MAX;
    };
  }

  /** Whether messages may be handed out: neither connections nor clients over HTTP have too much unread. */
  get mayHandOut(): boolean {
    return !this.#sessions.readers.areTooFarBehind && !replyBytes.isFull;
  }

  /** Whether it must be looked again soon: nothing tells of reading. */
  get areAny(): boolean {
    return this.#sessions.readers.areAny || !this.mayHandOut;
  }
}

const holdLarge: Hold = ({ command }) => (mayBeLarge(command) ? HELD_MS_MAX : undefined);

/** Whether the answer to a command may be as large as a batch. */
function mayBeLarge({ verb }: Command): boolean {
  return verb === "receive" || verb === "subscribe" || verb === "messages" || verb === "peek";
}
