import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";

const PROGRAM = join(import.meta.dirname, "../../../dist/worker-client/cli/index.js");

/** Where a process runs. */
interface CliPlace {
  environment: Record<string, string>;
  folder: string;
  input?: Readable;
}

/** The program as a process, with what it has printed. */
export class CliProcess {
  static readonly #all: CliProcess[] = [];
  output = "";
  errors = "";
  readonly status: Promise<number | null>;
  readonly #child: ChildProcess;
  #heard: () => void = () => undefined;
  #isOver = false;

  /** @param input what it reads from standard input, if anything */
  constructor(args: readonly string[], { environment, folder, input }: CliPlace) {
    const node = ["--conditions=durable-queue-source", "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON"];
    this.#child = spawn(process.execPath, [...node, PROGRAM, ...args], {
      env: { ...process.env, ...environment, NO_COLOR: "1" },
      cwd: folder,
      // In a group of processes of its own, as from a terminal: Ctrl-C reaches all of it.
      detached: true,
    });
    this.#child.stdin?.on("error", () => undefined);
    if (input === undefined) this.#child.stdin?.end();
    else input.pipe(this.#child.stdin as Writable);
    this.#child.stdout?.on("data", (chunk: Buffer) => {
      this.output += chunk.toString();
      this.#heard();
    });
    this.#child.stderr?.on("data", (chunk: Buffer) => {
      this.errors += chunk.toString();
      this.#heard();
    });
    this.status = once(this.#child, "close").then(([code]) => {
      this.#isOver = true;
      this.#heard();
      return code as number | null;
    });
    CliProcess.#all.push(this);
  }

  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.output + this.errors);
      if (match !== null) return match;
      if (this.#isOver) throw new Error(`It ended: ${this.output}${this.errors}`);
      await new Promise<void>((settle) => {
        this.#heard = settle;
      });
    }
  }

  /** What Ctrl-C does: a signal to all processes of the group. */
  interrupt(): void {
    process.kill(-(this.#child.pid as number), "SIGINT");
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  static async killAll(): Promise<void> {
    for (const command of CliProcess.#all.splice(0)) {
      try {
        process.kill(-(command.#child.pid as number), "SIGKILL");
      } catch {
        // All of them have ended.
      }
      await command.status;
    }
  }
}
