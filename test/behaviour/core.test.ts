import { describe } from "vitest";
import { commandOf } from "../../src/api/command-of.ts";
import { infoWithoutStorage } from "../../src/api/forms/queue-info.ts";
import { OWNER } from "../../src/api/keys/principal.ts";
import { type Reply, replyOf } from "../../src/api/reply.ts";
import type { Verb } from "../../src/api/verbs/index.ts";
import { type OtherQueue, send } from "../../src/object/send-transfer.ts";
import type { Command, Result } from "../../src/queue/base/commands.ts";
import { Queue } from "../../src/queue/queue.ts";
import { MemoryRows } from "../support/core/memory-rows.ts";
import { repliedTo } from "../support/replies.ts";
import { behaviours } from "./behaviours.ts";
import { type Level, Refused } from "./drivers/driver.ts";
import { jsonDriver } from "./drivers/json-driver.ts";

/** Queues that know each other, and one clock for all: time is an argument of the core, so it passes by being said. */
class VirtualLevel implements Level {
  #now = 1_800_000_000_000;
  #names = 0;
  readonly #queues = new Map<string, VirtualQueue>();

  queue() {
    this.#names += 1;
    const name = `virtual${this.#names}`;
    return jsonDriver(name, async (verb, request, key) => {
      const context = { queue: name, principal: OWNER, idempotencyKey: key, now: this.#now };
      const answer = this.#named(name).perform(verb, commandOf(verb, request, context), this.#now);
      // Nothing else moves the clock while a call waits, so the wait lasts as long as the call asked for.
      const { timeoutSeconds = 0 } = request as { timeoutSeconds?: number };
      const timer = setTimeout(() => void this.pass(timeoutSeconds), 50);
      const reply = await answer;
      clearTimeout(timer);
      if (!reply.ok) throw new Refused(reply.code, reply.detail);
      return repliedTo(verb, JSON.parse(reply.json));
    });
  }

  async pass(seconds: number): Promise<void> {
    this.#now += seconds * 1_000;
    for (const queue of this.#queues.values()) queue.pass(this.#now);
  }

  async arrival(): Promise<void> {}

  /** Seconds since 1970. */
  get now(): number {
    return this.#now / 1_000;
  }

  #named(name: string): VirtualQueue {
    const other = (name: string): OtherQueue => ({
      receiveTransfer: ({ version: _, ...transfer }) =>
        this.#named(name).take({ verb: "receive_transfer", ...transfer }, this.#now, refusalOrNothing),
    });
    const queue = this.#queues.get(name) ?? new VirtualQueue(name, other);
    this.#queues.set(name, queue);
    return queue;
  }
}

class VirtualQueue {
  readonly #name: string;
  readonly #rows = new MemoryRows();
  readonly #queue: Queue;
  readonly #other: (name: string) => OtherQueue;
  readonly #callers = new Map<number, (result: Result) => void>();
  #requestIds = 0;

  constructor(name: string, other: (name: string) => OtherQueue) {
    this.#name = name;
    this.#queue = new Queue(name, this.#rows);
    this.#other = other;
  }

  perform(verb: Verb, command: Command, now: number): Promise<Reply> {
    const queueInfo = infoWithoutStorage(this.#name);
    return this.take(command, now, (result) => replyOf(verb, result, queueInfo));
  }

  take(command: Command, now: number, format: (result: Result) => Reply): Promise<Reply> {
    const requestId = ++this.#requestIds;
    const answer = new Promise<Reply>((settle) => this.#callers.set(requestId, (result) => settle(format(result))));
    this.#queue.advance(now);
    this.#queue.apply(requestId, command, now);
    this.#commit(now);
    return answer;
  }

  pass(now: number): void {
    this.#queue.advance(now);
    this.#commit(now);
  }

  #commit(now: number): void {
    const changes = this.#queue.takeCommit();
    if (changes !== undefined) this.#rows.write(changes);
    for (const { requestId, result } of this.#queue.takeResults()) this.#callers.get(requestId)?.(result);
    for (const transfer of this.#queue.takeOutboundTransfers(now)) {
      void send(this.#other(transfer.to), this.#name, transfer, () => undefined).then((command) =>
        this.take(command, now, refusalOrNothing),
      );
    }
  }
}

/** The reply of a call between queues. */
function refusalOrNothing(result: Result): Reply {
  return result.verb === "refused" ? { ok: false, ...result } : { ok: true, json: "{}" };
}

const level = new VirtualLevel();
describe("the core", () => behaviours(level, () => level.now));
