import { ProblemError } from "../../src/api/check/problem-error.ts";
import { commandOf } from "../../src/api/command-of.ts";
import { ackOfLines } from "../../src/api/forms/result-texts.ts";
import { OWNER } from "../../src/api/keys/principal.ts";
import { type Reply, refusalOf, replyOf } from "../../src/api/reply.ts";
import type { Connection, RequestContext } from "../../src/api/verbs/base/descriptor.ts";
import type { Verb } from "../../src/api/verbs/index.ts";
import type { Command, Outcome, Refusal } from "../../src/queue/base/commands.ts";
import type { OutboundTransfer } from "../../src/queue/outbound-transfers.ts";
import { Timer } from "../src/base/platform.ts";
import { MemoryQueue } from "./memory-queue.ts";

/** A request of a queue. */
export interface Request {
  verb: Verb;
  /** An object, or its JSON text. */
  request: unknown;
  /** The results of an ack, as JSON texts. */
  results?: readonly string[] | undefined;
  idempotencyKey?: string | undefined;
  /** How long it may wait, in milliseconds, where that is not in the request. */
  timeoutMs?: number | undefined;
  /** Ends its wait. */
  signal?: AbortSignal | undefined;
  /** The subscription that it is about. */
  connection?: Connection | undefined;
}

/** A webhook that is accepted and never called would let a test wait for ever. */
const NO_WEBHOOKS =
  "push names a webhook, but a queue in memory pushes to none. Leave push out here, and take the messages with work() or receive(); a server of startServer() pushes to webhooks.";

/** All queues of one process, by their names, with one clock. Nothing is stored, and nothing leaves the process. */
export class MemoryServer {
  readonly isVirtual: boolean;
  readonly #queues = new Map<string, MemoryQueue>();
  readonly #timers = new Map<MemoryQueue, { at: number; timer: Timer }>();
  #now: number;
  #changes = 0;
  readonly #waiting: (() => void)[] = [];
  #isClosed = false;

  /** @param startMs when virtual time begins, in milliseconds since 1970; undefined for real time */
  constructor(startMs: number | undefined) {
    this.isVirtual = startMs !== undefined;
    this.#now = startMs ?? 0;
  }

  /** The time, in milliseconds since 1970. It never goes back. */
  get now(): number {
    if (!this.isVirtual) this.#now = Math.max(this.#now, Date.now());
    return this.#now;
  }

  /** Changes with everything that happens in a queue. */
  get changes(): number {
    return this.#changes;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The names of the queues that exist, in the order of their characters. */
  get names(): string[] {
    return [...this.#queues.values()].flatMap(({ name, exists }) => (exists ? [name] : [])).sort();
  }

  queue(name: string): MemoryQueue {
    const known = this.#queues.get(name);
    if (known !== undefined) return known;
    const queue = new MemoryQueue(name, {
      transfer: (from, transfer) => this.#transfer(from, transfer),
      changed: (changed) => this.#changed(changed),
    });
    this.#queues.set(name, queue);
    return queue;
  }

  /** Answers a request, as the object of a queue does. */
  ask(
    name: string,
    { verb, request, results, idempotencyKey, timeoutMs, signal, connection }: Request,
  ): Promise<Reply> {
    const { now } = this;
    const context: RequestContext = { queue: name, principal: OWNER, idempotencyKey, now, connection };
    let command: Command;
    try {
      command = commandOf(verb, request, context);
      if (results !== undefined && command.verb === "ack") command = ackOfLines(command, results);
    } catch (error) {
      if (error instanceof ProblemError) return Promise.resolve(refusalOf(error));
      throw error;
    }
    if (command.verb === "configure" && command.push) {
      return Promise.resolve({ ok: false, code: "invalid", detail: NO_WEBHOOKS });
    }
    if (timeoutMs !== undefined && "timeoutMs" in command) command = { ...command, timeoutMs };
    const queue = this.queue(name);
    return new Promise((resolve) => {
      let isAnswered = false;
      const abort = () => queue.cancel(id, this.now);
      const id = queue.take(command, now, (result) => {
        isAnswered = true;
        signal?.removeEventListener("abort", abort);
        resolve(replyOf(verb, result, queue.info));
      });
      // Most commands are answered by now: a signal that lives long would keep a listener of each.
      if (!isAnswered) signal?.addEventListener("abort", abort, { once: true });
    });
  }

  /** The next time at which something is due in a queue, in milliseconds; Infinity for none. */
  get nextAt(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { nextAt } of this.#queues.values()) next = Math.min(next, nextAt);
    return next;
  }

  /** Lets virtual time pass until then, in milliseconds since 1970. What is due at that time happens. */
  passTo(time: number): void {
    this.#now = Math.max(this.#now, time);
    for (const queue of this.#queues.values()) if (queue.nextAt <= this.#now) queue.pass(this.#now);
  }

  /** Settles with the next change. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Stops the clock. Calls that wait are answered as if their time were over. */
  close(): void {
    this.#isClosed = true;
    for (const queue of this.#queues.values()) queue.cancelAll(this.now);
    for (const { timer } of this.#timers.values()) timer.clear();
    this.#timers.clear();
  }

  #transfer(from: MemoryQueue, { to, generation, number, messages }: OutboundTransfer): void {
    const settle = (outcome: Outcome, refusal?: Refusal) => {
      const settled: Command = { verb: "transfer_result", generation, number, outcome, refusal };
      from.take(settled, this.now, () => undefined);
    };
    const command: Command = { verb: "receive_transfer", queue: from.name, generation, number, messages };
    this.queue(to).take(command, this.now, (result) => {
      if (result.verb !== "refused") return settle("accepted");
      settle("refused", { ...result, detail: `The queue ${to} has refused the messages: ${result.detail}` });
    });
  }

  #changed(queue: MemoryQueue): void {
    this.#changes += 1;
    for (const resolve of this.#waiting.splice(0)) resolve();
    if (this.isVirtual || this.#isClosed) return;
    const { nextAt: at, isAwaited } = queue;
    const planned = this.#timers.get(queue);
    if (planned?.at === at) return;
    planned?.timer.clear();
    if (at === Number.POSITIVE_INFINITY) {
      this.#timers.delete(queue);
      return;
    }
    const due = () => {
      this.#timers.delete(queue);
      queue.pass(this.now);
    };
    this.#timers.set(queue, { at, timer: new Timer(Math.max(0, at - this.now), due, { holds: isAwaited }) });
  }
}
