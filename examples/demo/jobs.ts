// The master's part of the demo with jobs: the queue keeps their results, and tells how far a long one is.
import { asCompleted, type QueueManager } from "durable-queue";
import { tasks } from "./tasks.ts";

/** Submits numbers as jobs, and collects their cubes; and one job that is long. */
export class Jobs {
  readonly count: number;
  readonly cubes = new Map<number, number>();
  duplicates = 0;
  /** How far the long job is, 0 to 1. */
  progress = 0;
  report = "";
  readonly #manager: QueueManager;

  constructor(manager: QueueManager, count: number) {
    this.#manager = manager;
    this.count = count;
  }

  /** The numbers whose cubes are missing or wrong. */
  get missing(): number[] {
    return Array.from({ length: this.count }, (_, n) => n).filter((n) => this.cubes.get(n) !== n ** 3);
  }

  /** @param collected called after each result, and when the long job is further */
  async run(collected: () => void): Promise<void> {
    await Promise.all([this.#runCubes(collected), this.#runReport(collected)]);
  }

  async #runCubes(collected: () => void): Promise<void> {
    const inputs = Array.from({ length: this.count }, (_, n) => n);
    const jobs = await this.#manager.tasks(tasks).cube.submitMany(inputs);
    for await (const job of asCompleted(jobs, { timeoutSeconds: 60 })) {
      const { n, cube } = await job.result();
      if (this.cubes.has(n)) this.duplicates += 1;
      this.cubes.set(n, cube);
      collected();
    }
  }

  async #runReport(collected: () => void): Promise<void> {
    const job = await this.#manager.tasks(tasks).report.submit("Report");
    for await (const { progress } of job) {
      if (typeof progress === "number") this.progress = progress;
      collected();
    }
    this.report = await job.result();
    this.progress = 1;
  }
}
