import type { Command, Delivery, NewMessage, Result } from "../../../src/queue/base/commands.ts";
import type { OutboundTransfer } from "../../../src/queue/outbound-transfers.ts";
import { Queue } from "../../../src/queue/queue.ts";
import type { CommandResult } from "../../../src/queue/waiting/results.ts";
import { MemoryRows } from "./memory-rows.ts";

interface NewBody extends Partial<Omit<NewMessage, "content">> {
  body: unknown;
}

/** The result of a verb; several verbs may have one form. */
type ResultOf<Verb, One = Result> = One extends { verb: unknown } ? (Verb extends One["verb"] ? One : never) : never;

/** The core of a queue with rows in memory. Each command is a commit batch of its own, and tests set the time. */
export class TestQueue {
  readonly rows: MemoryRows;
  readonly queue: Queue;
  /** Milliseconds since 1970. */
  now = 1_700_000_000_000;
  /** Results for others than the command that was run: commands that waited, and subscribers. */
  #others: CommandResult[] = [];

  constructor(rows = new MemoryRows(), queue = new Queue("i", rows)) {
    this.rows = rows;
    this.queue = queue;
  }

  /** The same queue, as it is after a restart. */
  restarted(): TestQueue {
    const { generation, configuration } = this.queue;
    const stored = this.rows.load();
    const existing = stored === undefined ? { generation, configuration } : { generation, configuration, stored };
    const again = new TestQueue(this.rows, new Queue(existing, this.rows));
    again.now = this.now;
    return again;
  }

  /** Runs a commit batch with a command, or with none. Undefined if the command waits. */
  run(command?: Command, requestId = 1): Result | undefined {
    this.queue.advance(this.now);
    if (command !== undefined) this.queue.apply(requestId, command, this.now);
    const commit = this.queue.takeCommit();
    if (commit !== undefined) this.rows.write(commit);
    const results = this.queue.takeResults();
    const own = results.find((result) => result.requestId === requestId && result.result.verb !== "push");
    this.#others.push(...results.filter((result) => result !== own));
    return own?.result;
  }

  /** Runs a command that must be answered at once, with a result of its own verb. */
  runNow<Run extends Command>(command: Run): ResultOf<Run["verb"]> {
    const result = this.run(command);
    if (result?.verb !== command.verb) throw new Error(`The ${command.verb} was answered ${JSON.stringify(result)}.`);
    return result as ResultOf<Run["verb"]>;
  }

  /** Puts messages at once, and answers with their ids. */
  put(...messages: NewBody[]): string[] {
    return this.runNow({ verb: "put", messages: messages.map(newMessage), timeoutMs: 0 }).ids;
  }

  /** Puts each message in a commit batch of its own. */
  putOneByOne(...bodies: unknown[]): void {
    for (const body of bodies) this.put({ body });
  }

  /** Puts messages at once, whose bodies count up from 1. */
  putCount(count: number): void {
    this.put(...Array.from({ length: count }, (_, index) => ({ body: index + 1 })));
  }

  /** Receives without waiting, and answers with the bodies. */
  receive(max: number, leaseMs = 60_000): unknown[] {
    return bodiesOf(this.runNow({ verb: "receive", max, leaseMs, timeoutMs: 0, autoAck: false }).deliveries);
  }

  describe() {
    return this.runNow({ verb: "describe" }).description;
  }

  outbound(): OutboundTransfer[] {
    return this.queue.takeOutboundTransfers(this.now);
  }

  /** Answers with the credit that the subscriber has then. */
  subscribe(subscriber: number, credit: number, leaseMs?: number): number {
    return this.runNow({ verb: "subscribe", subscriber, credit, leaseMs }).credit;
  }

  waitForMessages(requestId: number, max = 1, timeoutMs = Number.POSITIVE_INFINITY): Result | undefined {
    return this.run({ verb: "receive", max, leaseMs: 60_000, timeoutMs, autoAck: false }, requestId);
  }

  waitForRoom(requestId: number, bodies: number[], idempotencyKey?: string): Result | undefined {
    const messages = bodies.map((body) => newMessage({ body }));
    return this.run({ verb: "put", messages, timeoutMs: Number.POSITIVE_INFINITY, idempotencyKey }, requestId);
  }

  waitUntilDone(requestId: number): Result | undefined {
    return this.run({ verb: "join", timeoutMs: Number.POSITIVE_INFINITY }, requestId);
  }

  /** What waiting commands and subscribers received since the last call: bodies, the code of a refusal, or the result. */
  received(): { requestId: number; bodies?: unknown[]; code?: string }[] {
    return this.#others.splice(0).map(({ requestId, result }) => {
      if (result.verb === "push" || result.verb === "receive")
        return { requestId, bodies: bodiesOf(result.deliveries) };
      return result.verb === "refused" ? { requestId, code: result.code } : { requestId, ...result };
    });
  }

  /** How many messages each waiting command and subscriber received since the last call. */
  receivedCounts(): Record<number, number> {
    const counts: Record<number, number> = {};
    for (const { requestId, bodies } of this.received())
      counts[requestId] = (counts[requestId] ?? 0) + (bodies?.length ?? 0);
    return counts;
  }

  /** What was pushed to a subscriber since the last call of this for it. */
  pushed(subscriber: number): Delivery[] {
    const isMeant = ({ requestId, result }: CommandResult) => requestId === subscriber && result.verb === "push";
    const pushes = this.#others.filter(isMeant);
    this.#others = this.#others.filter((other) => !isMeant(other));
    return pushes.flatMap(({ result }) => (result.verb === "push" ? result.deliveries : []));
  }
}

export function bodiesOf(deliveries: readonly Delivery[]): unknown[] {
  return deliveries.map(({ payload }) => (JSON.parse(payload) as { body: unknown }).body);
}

export function receiptsOf(deliveries: readonly Delivery[]): string[] {
  return deliveries.map(({ lease }) => lease?.receipt ?? "");
}

function newMessage({ body, priority = 100, delayMs = 0, ...options }: NewBody): NewMessage {
  return { content: `"body":${JSON.stringify(body)}`, priority, delayMs, ...options };
}
