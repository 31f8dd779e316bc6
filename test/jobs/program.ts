import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** A program of the job test in a process of its own. It ends with this process. */
export class Program {
  /** Kept with how it ended: an exit code, or the signal that killed it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
  readonly #process: ChildProcess;

  /**
   * @param name the file in this folder
   * @param heard receives what it says
   */
  constructor(name: string, settings: object, heard: (said: unknown) => void = () => undefined) {
    const args = ["--conditions=durable-queue-source", `${import.meta.dirname}/${name}`, JSON.stringify(settings)];
    this.#process = spawn(process.execPath, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.#process.on("message", heard);
    this.ended = once(this.#process, "exit").then(([code, signal]) => (signal ?? code) as number | NodeJS.Signals);
  }

  /** Ends it at once. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.ended;
  }
}
