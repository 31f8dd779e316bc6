import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

/** What `npm start` runs, as it is built for the package: it starts in half of the time. */
const DEV = ["dist/worker-client/cli/index.js", "dev"];

/** Where a program is started. */
interface Place {
  /** Default: this repository. */
  folder?: string;
  /** Its environment, beside its own variables. Default: that of the tests. */
  inherited?: NodeJS.ProcessEnv;
}

/** A started server program: what it prints, and how it ends. */
export class Program {
  static readonly #all: Program[] = [];
  output = "";
  readonly ended: Promise<number | null>;
  readonly #process: ChildProcess;
  #isOver = false;
  #heard: () => void = () => undefined;

  constructor(command: string, args: string[], environment: Record<string, string>, place: Place = {}) {
    const { AUTHKEY: _, ...inherited } = place.inherited ?? process.env;
    // In a group of processes of its own, as from a terminal: Ctrl-C reaches all of it.
    const env = { ...inherited, ...environment };
    this.#process = spawn(command, args, { cwd: place.folder ?? ROOT, env, detached: true });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        this.output += chunk.toString();
        this.#heard();
      });
    }
    this.ended = once(this.#process, "close").then(([code]) => {
      this.#isOver = true;
      this.#heard();
      return code as number | null;
    });
    Program.#all.push(this);
  }

  /** `npm start` without its set-up: on a free port, with these variables and arguments. */
  static start(environment: Record<string, string>, args: string[] = []): Program {
    return new Program(process.execPath, [...DEV, ...args], { PORT: "0", ...environment });
  }

  /** `npm start` without its set-up, with a hard limit of so many open files. */
  static startWithFiles(limit: number, environment: Record<string, string>): Program {
    const script = `ulimit -n ${limit}; exec "$0" "$@"`;
    return new Program("/bin/sh", ["-c", script, process.execPath, ...DEV], { PORT: "0", ...environment });
  }

  /** Kills what the test has started and left running. */
  static async killAll(): Promise<void> {
    for (const program of Program.#all.splice(0)) {
      program.signalGroup("SIGKILL");
      await program.ended;
    }
  }

  /** Waits until it has printed what the pattern matches, and answers with the match. Fails when it ends before. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.output);
      if (match !== null) return match;
      if (this.#isOver) throw new Error(`It ended: ${this.output}`);
      await new Promise<void>((settle) => {
        this.#heard = settle;
      });
    }
  }

  /** Waits until it serves, and answers with its address. */
  async serving(): Promise<string> {
    await this.printed(/Ctrl-C stops it\./);
    return /durable-queue serves (\S+)/.exec(this.output)?.[1] as string;
  }

  signalGroup(signal: NodeJS.Signals): void {
    const { exitCode, signalCode } = this.#process;
    if (exitCode === null && signalCode === null) process.kill(-(this.#process.pid as number), signal);
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  get pid(): number {
    return this.#process.pid as number;
  }
}
