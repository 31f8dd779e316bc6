import { describe } from "vitest";
import { type Reply, replyOf } from "../../src/object/reply.ts";
import { Queue } from "../../src/queue/queue.ts";
import { MemoryRows } from "../support/memory-rows.ts";
import { behaviours } from "./behaviours.ts";
import { commandOf } from "./command-of.ts";
import { type Level, Refused } from "./driver.ts";
import { jsonDriver } from "./json-driver.ts";

/** Time is an argument of the core, so here it passes by being said. */
class VirtualLevel implements Level {
  #now = 1_800_000_000_000;
  readonly #rounds = new Set<() => void>();

  queue() {
    const rows = new MemoryRows();
    const queue = new Queue("virtual", rows);
    const callers = new Map<number, (reply: Reply) => void>();
    let tickets = 0;
    const commit = (): void => {
      const changes = queue.takeCommit();
      if (changes !== undefined) rows.write(changes);
      const surroundings = { name: "virtual", storageBytes: 0, rowsWritten: rows.rowsWritten };
      for (const { ticket, result } of queue.takeAnswers()) callers.get(ticket)?.(replyOf(result, surroundings));
    };
    this.#rounds.add(() => {
      queue.advance(this.#now);
      commit();
    });
    return jsonDriver(async (verb, request, key) => {
      const ticket = ++tickets;
      const answer = new Promise<Reply>((settle) => callers.set(ticket, settle));
      queue.advance(this.#now);
      queue.apply(ticket, commandOf(verb, request, key, this.#now), this.#now);
      commit();
      // Nobody else moves the clock while a call waits, so it waits for as long as it asked to.
      const { timeoutSeconds = 0 } = request as { timeoutSeconds?: number };
      const timer = setTimeout(() => void this.pass(timeoutSeconds), 50);
      const reply = await answer;
      clearTimeout(timer);
      if (!reply.ok) throw new Refused(reply.code, reply.detail);
      return JSON.parse(reply.json);
    });
  }

  async pass(seconds: number): Promise<void> {
    this.#now += seconds * 1_000;
    for (const round of this.#rounds) round();
  }

  async arrival(): Promise<void> {}

  /** Seconds since 1970. */
  get now(): number {
    return this.#now / 1_000;
  }
}

const level = new VirtualLevel();
describe("the core", () => behaviours(level, () => level.now));
