import type { Command, Result } from "../../src/queue/base/commands.ts";
import type { OutboundTransfer } from "../../src/queue/outbound-transfers.ts";
import { Queue } from "../../src/queue/queue.ts";
import { MemoryRows } from "./memory-rows.ts";

/** A queue that is told one command after the other, each a commit batch of its own. Time passes when it is said. */
export class ToldQueue {
  readonly rows: MemoryRows;
  readonly queue: Queue;
  now = 1_700_000_000_000;

  constructor(rows = new MemoryRows(), queue = new Queue("i", rows)) {
    this.rows = rows;
    this.queue = queue;
  }

  /** The same queue, as it is after a restart. */
  restarted(): ToldQueue {
    const { generation, configuration } = this.queue;
    const stored = this.rows.load();
    const existing = stored === undefined ? { generation, configuration } : { generation, configuration, stored };
    const told = new ToldQueue(this.rows, new Queue(existing, this.rows));
    told.now = this.now;
    return told;
  }

  /** A commit batch with a command, or without one. Undefined where the command is not answered yet. */
  tell(command?: Command): Result | undefined {
    this.queue.advance(this.now);
    if (command !== undefined) this.queue.apply(1, command, this.now);
    const commit = this.queue.takeCommit();
    if (commit !== undefined) this.rows.write(commit);
    return this.queue.takeResults()[0]?.result;
  }

  put(...messages: { body: unknown; priority?: number; group?: string; delayMs?: number }[]): string[] {
    const newMessages = messages.map(({ body, priority = 100, delayMs = 0, group }) => ({
      ...{ content: `"body":${JSON.stringify(body)}`, priority, delayMs, group },
    }));
    const result = this.tell({ verb: "put", messages: newMessages, timeoutMs: 0 });
    if (result?.verb !== "put") throw new Error(`The put was answered ${JSON.stringify(result)}.`);
    return result.ids;
  }

  /** What is handed out, as bodies. */
  receive(max: number, leaseMs = 60_000): unknown[] {
    const result = this.tell({ verb: "receive", max, leaseMs, timeoutMs: 0, autoAck: false });
    if (result?.verb !== "receive") throw new Error(`The receive was answered ${JSON.stringify(result)}.`);
    return result.deliveries.map(({ payload }) => (JSON.parse(payload) as { body: unknown }).body);
  }

  describe() {
    const result = this.tell({ verb: "describe" });
    if (result?.verb !== "describe") throw new Error(`The describe was answered ${JSON.stringify(result)}.`);
    return result.description;
  }

  outbound(): OutboundTransfer[] {
    return this.queue.takeOutboundTransfers(this.now);
  }
}
