import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { WorkOptions } from "../../../worker-client/src/index.ts";
import type { Said } from "./worker-program.ts";

export type { Said, Task } from "./worker-program.ts";

/** Where a worker finds its queue. */
export interface Place {
  address: string;
  authkey: string;
  queue: string;
  transport?: "websocket" | "http";
  /** Whether it has no listener of SIGTERM of its own. */
  leavesSignals?: boolean;
}

/** A worker in a process of its own, and everything that it has said. */
export class WorkerProcess {
  readonly said: Said[] = [];
  /** Kept with what it ended by. */
  readonly ended: Promise<NodeJS.Signals | number | null>;
  readonly #process: ChildProcess;
  #heard: () => void = () => undefined;
  #isOver = false;

  constructor(place: Place, work: Omit<WorkOptions, "signal" | "onError"> = {}, heard?: (said: Said) => void) {
    const program = join(import.meta.dirname, "worker-program.ts");
    const args = ["--conditions=durable-queue-source", program, JSON.stringify({ ...place, work })];
    this.#process = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    const lines = createInterface({ input: this.#process.stdout as NodeJS.ReadableStream });
    lines.on("line", (line) => {
      const said = JSON.parse(line) as Said;
      this.said.push(said);
      heard?.(said);
      this.#heard();
    });
    this.ended = once(this.#process, "close").then(([code, signal]) => {
      this.#isOver = true;
      this.#heard();
      return (signal ?? code) as NodeJS.Signals | number | null;
    });
  }

  /** Waits until it has said something that fits. Fails when it ends before. */
  async until(fits: (said: Said) => boolean): Promise<Said> {
    for (;;) {
      const said = this.said.find(fits);
      if (said !== undefined) return said;
      if (this.#isOver) throw new Error(`The worker ended: ${JSON.stringify(this.said)}`);
      await new Promise<void>((heard) => {
        this.#heard = heard;
      });
    }
  }

  /** Waits until it is ready to work. */
  async ready(): Promise<this> {
    await this.until(({ what }) => what === "ready");
    return this;
  }

  /** How often handlers have begun with each task, by the tasks' names. */
  get begun(): Record<string, number> {
    return count(this.said);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Ends it at once. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.ended;
  }

  /** Closes it in order. */
  async close(): Promise<void> {
    this.signal("SIGTERM");
    await this.ended;
  }
}

/** How often handlers have begun with each task, by the tasks' names. */
export function count(said: readonly Said[]): Record<string, number> {
  const begun: Record<string, number> = {};
  for (const each of said) if (each.what === "begin") begun[each.name] = (begun[each.name] ?? 0) + 1;
  return begun;
}
