import type { QueueError } from "../base/errors.ts";
import { afterReading, Timer } from "../base/platform.ts";
import type { Message } from "../message/message.ts";
import { Verdict } from "../workers/verdict.ts";
import type { SentOutcome } from "./protocol.ts";
import { receivedError } from "./sent-errors.ts";

/** How long a handler may go on after the signal of its message was aborted, in milliseconds, before it is ended. */
const ABORT_GRACE_MS = 5_000;

/** What a run asks of the runner that it is in. */
interface RunEvents {
  /** The signal of its message is aborted: its handler is to be told. */
  abort(reason: QueueError): void;
  /** Its handler has not ended since. */
  overdue(): void;
  /** The worker waits for it no more, although it goes on. */
  left(): void;
}

/** The handler of one message, in a thread or process. */
export class Run {
  readonly message: Message<unknown>;
  /** Fulfilled with what the handler of the message here returns. */
  readonly verdict: Promise<Verdict | undefined>;
  /** Whether the handler has begun. */
  isBegun = false;
  /** What the handler last told of its progress, if it did. */
  progress: { value: unknown } | undefined;
  /** Whether the worker waits for it. */
  isAwaited = true;
  readonly #ending = Promise.withResolvers<Verdict | undefined>();
  readonly #events: RunEvents;
  #grace: Timer | undefined;
  #reason: QueueError | undefined;

  constructor(message: Message<unknown>, events: RunEvents) {
    this.message = message;
    this.verdict = this.#ending.promise;
    this.#events = events;
    message.aborted = (reason) => this.#abort(reason);
  }

  /** Its handler has ended. */
  ended(outcome: SentOutcome): void {
    this.#over();
    if (outcome.verb === "threw") this.#ending.reject(this.#thrown(outcome));
    else this.#ending.resolve(verdictOf(outcome));
  }

  /** Sends the last progress again: the server may be another one now, which knows of none. */
  tellAgain(): void {
    if (this.progress === undefined || this.message.isSettled) return;
    this.message.progress(this.progress.value, { retrySeconds: 0 }).catch(() => undefined);
  }

  /** It was not begun, or was ended for another one or because it was overdue: no attempt counts. */
  release(): void {
    this.#over();
    if (this.#reason === undefined) this.#ending.resolve(new Verdict({ verb: "release", delaySeconds: 0 }));
    else this.#ending.reject(this.#reason);
  }

  /** Its handler was ended by a crash. */
  fail(error: QueueError): void {
    this.#over();
    this.#ending.reject(this.#reason ?? error);
  }

  /** The worker that is told of a lost lease waits until the handler has ended; after any other reason it does not. */
  #abort(reason: QueueError): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    const grace = new Timer(ABORT_GRACE_MS, () => afterReading(() => this.#grace === grace && this.#events.overdue()));
    this.#grace = grace;
    this.#events.abort(reason);
    if (this.message.isLost) return;
    this.isAwaited = false;
    this.#events.left();
  }

  #over(): void {
    this.message.aborted = undefined;
    this.#grace?.clear();
    this.#grace = undefined;
  }

  #thrown({ error, isReason }: Extract<SentOutcome, { verb: "threw" }>): unknown {
    return isReason && this.#reason !== undefined ? this.#reason : receivedError(error);
  }
}

function verdictOf(outcome: Exclude<SentOutcome, { verb: "threw" }>): Verdict | undefined {
  if (outcome.verb === "returned") return undefined;
  if (outcome.verb === "reject") return new Verdict({ verb: "reject", error: receivedError(outcome.error) });
  if (outcome.verb === "release") return new Verdict({ verb: "release", delaySeconds: outcome.delaySeconds });
  const { result } = outcome;
  return new Verdict({
    verb: "ack",
    result,
    // Parsed where it is asked for: most workers tell no event of results.
    get value(): unknown {
      return JSON.parse(result);
    },
  });
}
