import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** A program of a test in a process of its own. It ends with this process. */
export class ChildProgram {
  /** Kept with how it ended: an exit code, or the signal that killed it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
  readonly #process: ChildProcess;

  /**
   * @param path its file
   * @param settings what it is given, as JSON
   * @param heard receives what it says
   */
  constructor(path: string, settings: object, heard: (said: unknown) => void = () => undefined) {
    const args = ["--conditions=durable-queue-source", path, JSON.stringify(settings)];
    this.#process = spawn(process.execPath, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.#process.on("message", heard);
    this.ended = once(this.#process, "exit").then(([code, signal]) => (signal ?? code) as number | NodeJS.Signals);
  }

  get pid(): number {
    return this.#process.pid as number;
  }

  /** Ends it at once. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.ended;
  }
}
