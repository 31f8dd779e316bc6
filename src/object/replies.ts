import type { QueueInfo } from "../api/forms/queue-info.ts";
import type { MachineClock } from "../machine-clock.ts";
import type { Pump } from "../push/pump.ts";
import type { Refusal, Result } from "../queue/base/commands.ts";
import type { Queue } from "../queue/queue.ts";
import type { Sessions } from "../socket/sessions.ts";
import type { Arrivals } from "./arrivals.ts";
import type { ExpectedCallers } from "./expected-callers.ts";
import type { Pendings } from "./pendings.ts";

/** Gives results to their callers, and sends the replies of connections. */
export class Replies {
  readonly #clock: MachineClock;
  readonly #pendings: Pendings;
  readonly #sessions: Sessions;
  readonly #callers: ExpectedCallers;
  readonly #queueInfo: QueueInfo;
  readonly #pump: Pick<Pump, "tellLost">;

  constructor(
    clock: MachineClock,
    { sessions, pendings, callers }: Arrivals,
    queueInfo: QueueInfo,
    pump: Pick<Pump, "tellLost">,
  ) {
    this.#clock = clock;
    this.#pendings = pendings;
    this.#sessions = sessions;
    this.#callers = callers;
    this.#queueInfo = queueInfo;
    this.#pump = pump;
  }

  /** Gives a result to its caller; `flush` sends it if that is a connection. */
  answer(requestId: number, result: Result): void {
    const responder = this.#pendings.take(requestId) ?? this.#sessions.subscribed(requestId);
    responder?.answer(requestId, result, this.#queueInfo);
  }

  /** Sends the results of a commit batch. To be called when it is written. */
  sendResults(queue: Queue): void {
    for (const { requestId, result } of queue.takeResults()) this.answer(requestId, result);
    this.#sessions.noteSubscriptions((subscriber) => queue.subscription(subscriber));
    const lost = queue.takeLost();
    this.#sessions.tellLost(lost);
    this.#pump.tellLost(lost);
    this.flush();
  }

  /** Refuses a command. */
  refuse(requestId: number, refusal: Refusal): void {
    this.answer(requestId, refusal);
    this.flush();
  }

  /** Refuses these commands, all that wait, and all subscriptions. */
  refuseAll(requestIds: readonly number[], refusal: Refusal): void {
    for (const requestId of [...requestIds, ...this.#pendings.appliedRequestIds, ...this.#sessions.subscribers]) {
      this.answer(requestId, refusal);
    }
    this.flush();
  }

  /** Sends the replies of all connections. */
  flush(): void {
    const now = this.#clock.now();
    for (const callerId of this.#sessions.flush()) this.#callers.answered(callerId, now);
  }
}
