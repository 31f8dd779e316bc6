import type { ByteLedger } from "../byte-ledger.ts";
import type { MachineClock } from "../machine-clock.ts";
import type { Command } from "../queue/base/commands.ts";
import type { Session } from "../socket/session.ts";
import type { Sessions } from "../socket/sessions.ts";
import { type Hold, SHOWS_MESSAGES } from "./commit-batcher.ts";

/** How long a command may be held back, because connections do not read, before it is refused as `overloaded`. */
const HELD_MS_MAX = 10_000;

/** The close code of a connection that reads nothing (RFC 6455: it breaks a policy). */
const POLICY = 1008;

/** Called when the reading of a connection has changed. */
export interface ReadingEvents {
  /** It was closed because it reads nothing. */
  closed(session: Session): void;
  /** It is so far behind that its commands are held back. */
  behind(session: Session): void;
  /** It is no longer behind. */
  caughtUp(session: Session): void;
}

/** Holds commands back for as long as connections have too much unread, and closes connections that may not go on. */
export class ReadingHolds {
  readonly #sessions: Sessions;
  readonly #clock: MachineClock;
  readonly #replyBytes: ByteLedger;
  readonly #events: ReadingEvents;

  /** @param replyBytes what clients over HTTP have not read yet */
  constructor(sessions: Sessions, clock: MachineClock, replyBytes: ByteLedger, events: ReadingEvents) {
    this.#sessions = sessions;
    this.#clock = clock;
    this.#replyBytes = replyBytes;
    this.#events = events;
  }

  /**
   * Measures how far connections are with reading, and returns which commands are held back.
   *
   * @throws if closed connections hold so much memory that only a new object frees it
   */
  look(): Hold {
    const { readers } = this.#sessions;
    for (const session of this.#sessions.closeEnded()) this.#events.closed(session);
    if (readers.isAbandonedTooMuch)
      throw new Error("Closed connections hold too much memory for data that their clients did not read.");
    if (!readers.areAny) return this.mayHandOut ? () => undefined : holdLarge;
    const { behind, caughtUp, stalled } = readers.look(this.#clock.now());
    for (const session of stalled) {
      session.socket.close(POLICY, "The client does not read what is sent to it.");
      this.#sessions.close(session.socket);
      this.#events.closed(session);
    }
    for (const session of behind) this.#events.behind(session);
    for (const session of caughtUp) this.#events.caughtUp(session);
    return ({ connection, command }) => {
      // A connection that is behind catches up or is closed: its commands wait for as long as that takes.
      if ((connection as Session | undefined)?.isBehind) return Number.POSITIVE_INFINITY;
      return this.mayHandOut || !mayBeLarge(command) ? undefined : HELD_MS_MAX;
    };
  }

  /** Whether messages may be handed out: neither connections nor clients over HTTP have too much unread. */
  get mayHandOut(): boolean {
    return !this.#sessions.readers.areTooFarBehind && !this.#replyBytes.isFull;
  }

  /** Whether `look` must be called again soon, because there is no event for reading. */
  get areAny(): boolean {
    return this.#sessions.readers.areAny || !this.mayHandOut;
  }
}

const holdLarge: Hold = ({ command }) => (mayBeLarge(command) ? HELD_MS_MAX : undefined);

/** Whether the reply to a command may be as large as a batch. */
function mayBeLarge({ verb }: Command): boolean {
  return verb === "receive" || verb === "subscribe" || SHOWS_MESSAGES.has(verb);
}
