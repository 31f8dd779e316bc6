/** The command line run inside the process of a test, with streams that the test has. */
import { PassThrough } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import type { Io } from "../../worker-client/cli/base/io.ts";
import { run } from "../../worker-client/cli/run.ts";
import { AUTHKEY } from "../support/server.ts";

/** Where a command of a test runs. */
export interface Place {
  environment?: Record<string, string>;
  /** Whether standard output and standard error are a terminal, of so many columns. */
  columns?: number;
  /** What the user types, or a pipe brings. */
  input?: string;
  /** Whether the input is a terminal. */
  isInputTerminal?: boolean;
  folder?: string;
  home?: string;
}

/** What became of a command. */
export interface Outcome {
  status: number;
  /** Standard output. */
  output: string;
  /** Standard error, without colours. */
  errors: string;
}

/** A stream that keeps what is written. */
class Kept extends PassThrough {
  text = "";
  readonly isTTY: boolean;
  readonly columns: number | undefined;
  readonly rows = 24;
  readonly #heard = new Set<() => void>();

  constructor(columns: number | undefined) {
    super();
    this.isTTY = columns !== undefined;
    this.columns = columns;
    this.on("data", (chunk: Buffer) => {
      this.text += chunk.toString();
      for (const heard of this.#heard) heard();
    });
  }

  /** Waits until it has what the pattern matches. */
  async has(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.text)) {
      await new Promise<void>((settle) => {
        const heard = () => {
          this.#heard.delete(heard);
          settle();
        };
        this.#heard.add(heard);
      });
    }
  }
}

/** What the program has from its process, in a test. */
export function ioOf(place: Place, interrupted = new AbortController().signal): Io & { stdout: Kept; stderr: Kept } {
  const stdin = new PassThrough();
  stdin.end(place.input ?? "");
  return {
    stdin: Object.assign(stdin, { isTTY: place.isInputTerminal ?? false }),
    stdout: new Kept(place.columns),
    stderr: new Kept(place.columns),
    environment: { NO_COLOR: "1", ...place.environment },
    folder: place.folder ?? "/nowhere",
    home: place.home ?? "/nowhere",
    interrupted,
    endByItself: () => undefined,
    atExit: () => () => undefined,
  };
}

/** A command that runs. */
export class Running {
  readonly stdout: Kept;
  readonly stderr: Kept;
  readonly outcome: Promise<Outcome>;
  readonly #interruption = new AbortController();

  constructor(args: readonly string[], place: Place = {}) {
    const io = ioOf(place, this.#interruption.signal);
    this.stdout = io.stdout;
    this.stderr = io.stderr;
    this.outcome = run(args, io).then((status) => ({
      status,
      output: this.stdout.text,
      errors: stripVTControlCharacters(this.stderr.text),
    }));
  }

  /** What Ctrl-C does. */
  interrupt(): void {
    this.#interruption.abort();
  }
}

/** Runs a command to its end. */
export function runCli(args: readonly string[], place: Place = {}): Promise<Outcome> {
  return new Running(args, place).outcome;
}

/** The variables with which a command finds a server of the tests. */
export function environmentFor({ address }: { address: string }): Record<string, string> {
  return { DURABLE_QUEUE_ADDRESS: address, DURABLE_QUEUE_AUTHKEY: AUTHKEY };
}
