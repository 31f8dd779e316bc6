// The master's part of the demo as Python's tutorials have it: tasks go into one queue, results come back in another.
import { Empty, type QueueManager } from "durable-queue";

/** The result of a task. */
export interface Square {
  n: number;
  square: number;
  /** Which delivery of the task this is the result of. */
  attempt: number;
}

/** Puts numbers as tasks, and collects their squares. */
export class ResultQueue {
  readonly count: number;
  readonly squares = new Map<number, number>();
  wrong = 0;
  duplicates = 0;
  redeliveries = 0;
  readonly #manager: QueueManager;

  constructor(manager: QueueManager, count: number) {
    this.#manager = manager;
    this.count = count;
  }

  /** The numbers whose squares are missing. */
  get missing(): number[] {
    return Array.from({ length: this.count }, (_, n) => n).filter((n) => this.squares.get(n) !== n * n);
  }

  async putTasks(): Promise<void> {
    const tasks = this.#manager.queue<number>("tasks");
    for (let n = 0; n < this.count; n += 10) {
      await tasks.putMany(Array.from({ length: 10 }, (_, offset) => n + offset));
    }
  }

  /** @param collected called after each step */
  async collectResults(collected: () => void): Promise<void> {
    const results = this.#manager.queue<Square>("results");
    while (this.squares.size < this.count) {
      const received = await results.receive({ max: 20, leaseSeconds: 2, timeoutSeconds: 30 });
      if (received.length === 0) throw new Error("No result for 30 seconds.");
      for (const result of received) this.#collect(result.item);
      await Promise.all(received.map((result) => result.ack()));
      collected();
    }
  }

  /** Results of tasks that were done twice may still be on their way when the last missing one is there. */
  async collectLateDuplicates(): Promise<void> {
    if (!(await this.#manager.queue("tasks").join({ timeoutSeconds: 30 }))) {
      throw new Error("Tasks are unfinished 30 seconds after their results.");
    }
    try {
      for (;;) this.#collect(await this.#manager.queue<Square>("results").get({ timeoutSeconds: 0.5 }));
    } catch (error) {
      if (!(error instanceof Empty)) throw error;
    }
  }

  #collect({ n, square, attempt }: Square): void {
    if (square !== n * n) this.wrong += 1;
    if (this.squares.has(n)) this.duplicates += 1;
    if (attempt > 1) this.redeliveries += 1;
    this.squares.set(n, square);
  }
}
