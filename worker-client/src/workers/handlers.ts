import type { WorkerReports } from "../events/worker-reports.ts";
import type { Message } from "../message/message.ts";
import type { QueueCalls } from "../message/queue-calls.ts";
import type { LeasedMessages } from "./leased-messages.ts";
import type { Prefetch } from "./prefetch.ts";
import type { Room } from "./room.ts";
import { type Handler, run } from "./run-handler.ts";
import type { Settlements } from "./settlements.ts";
import { Verdict } from "./verdict.ts";

/** How long handlers may begin one after the other before other work of the event loop, in milliseconds. */
const TURN_MS = 5;

/** The parts of a worker that its handlers use. */
interface HandlersContext {
  calls: QueueCalls;
  leased: LeasedMessages;
  settlements: Settlements;
  prefetch: Prefetch;
  reports: WorkerReports;
  room: Room;
  /** How long the handler of a message may take; undefined for no limit. */
  timeoutSecondsOf: (message: Message<unknown>) => number | undefined;
  /** Called when a handler has ended, and when others can begin after other work of the event loop. */
  changed: () => void;
}

/** Begins a worker's handlers, and acks each message or gives it back, as its handler ends. */
export class Handlers {
  readonly #handler: Handler<unknown>;
  readonly #context: HandlersContext;

  constructor(handler: Handler<unknown>, context: HandlersContext) {
    this.#handler = handler;
    this.#context = context;
  }

  /** Begins with as many messages as may be worked on, for `TURN_MS` at most. */
  begin(): void {
    const { calls, leased, settlements, prefetch, room } = this.#context;
    const endsAt = performance.now() + TURN_MS;
    while (leased.running.size < room.handlersMax && !this.#mustConfirmFirst) {
      const next = leased.takeNext(Math.min(room.handlersMax - leased.running.size, prefetch.stepSize));
      if (next.length === 0) return;
      settlements.flush();
      leased.prepare(prefetch.mayBlock);
      calls.route.pushes?.begin(next.map(({ receipt }) => receipt));
      const begun = this.#beginUntil(endsAt, next);
      if (performance.now() < endsAt) continue;
      leased.putBack(next.slice(begun));
      this.#changed();
      return;
    }
  }

  /** Begins with messages until a time, at least with one. Returns how many. */
  #beginUntil(endsAt: number, messages: readonly Message<unknown>[]): number {
    for (const [index, message] of messages.entries()) {
      this.#beginOne(message);
      if (performance.now() >= endsAt) return index + 1;
    }
    return messages.length;
  }

  /** Over HTTP nothing is sent while a handler blocks the event loop: acks and extensions must be confirmed first. */
  get #mustConfirmFirst(): boolean {
    const { calls, leased, settlements, prefetch } = this.#context;
    if (!(calls.route.pushes?.isOnHttp ?? true) || !prefetch.mayBlock) return false;
    return !settlements.areAllConfirmed || leased.isExtending;
  }

  #beginOne(message: Message<unknown>): void {
    const { calls, leased, prefetch, reports, timeoutSecondsOf } = this.#context;
    const beganAt = performance.now();
    leased.running.add(message);
    reports.started(message);
    run(this.#handler, message, timeoutSecondsOf(message), calls.queue, (failure, returned) => {
      prefetch.ran(performance.now() - beganAt);
      this.#end(message, failure, returned);
    });
    prefetch.blocked(performance.now() - beganAt);
  }

  #end(message: Message<unknown>, failure: { error: unknown } | undefined, returned: unknown): void {
    const { leased, settlements, reports } = this.#context;
    leased.running.delete(message);
    if (failure !== undefined) {
      reports.threw(message, failure.error);
      if (!message.isSettled) settlements.failed(message, failure.error);
    } else if (returned instanceof Verdict) {
      this.#settle(message, returned);
    } else {
      reports.returned(message, returned);
      if (!message.isSettled) settlements.ack(message);
    }
    this.#changed();
  }

  #changed(): void {
    const { room, changed } = this.#context;
    room.unwatch();
    changed();
  }

  #settle(message: Message<unknown>, { act }: Verdict): void {
    const { settlements, reports } = this.#context;
    // The value may have to be parsed.
    if (act.verb === "ack" && reports.wantsResults) reports.returned(message, act.value);
    if (act.verb === "reject") reports.threw(message, act.error);
    if (message.isSettled) return;
    if (act.verb === "ack") settlements.ack(message, act.result);
    else if (act.verb === "reject") settlements.reject(message, act.error);
    else settlements.release([message], act.delaySeconds);
  }
}
