import { type ChildProcess, fork } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { FromProcess, ProcessTask, ToProcess } from "./process-messages.ts";

/** Beside this module, in TypeScript or built. */
const PROGRAM = fileURLToPath(new URL(`./worker-process${extname(import.meta.url)}`, import.meta.url));

/** How long a process that was told to end may take, in milliseconds, before it is killed. */
const END_MS = 4_000;

/** How a process ended. */
export interface ProcessEnd {
  /** What it said of its end before; undefined if it died. */
  last: Extract<FromProcess, { kind: "over" | "unusable" | "refused" }> | undefined;
  /** In words, as "was ended by SIGKILL". */
  how: string;
  livedMs: number;
  /** Whether it was told to. */
  wasTold: boolean;
}

/** A process that works on the queue. */
export class WorkProcess {
  readonly ended: Promise<ProcessEnd>;
  readonly #child: ChildProcess;
  #wasTold = false;
  #killing: NodeJS.Timeout | undefined;

  /**
   * @param environment where its client finds address and key
   * @param heard called with what it tells
   */
  constructor(task: ProcessTask, environment: NodeJS.ProcessEnv, heard: (message: FromProcess) => void) {
    const beganAt = performance.now();
    this.#child = fork(PROGRAM, [JSON.stringify(task)], {
      env: environment,
      // Lines of JSON are the command's own: what the handler prints goes to standard error.
      stdio: ["ignore", task.tellsMessages ? 2 : "inherit", "inherit", "ipc"],
    });
    let last: ProcessEnd["last"];
    this.#child.on("message", (message: FromProcess) => {
      if (message.kind === "over" || message.kind === "unusable" || message.kind === "refused") last = message;
      heard(message);
    });
    this.ended = new Promise((settle) => {
      const over = (how: string) => {
        clearTimeout(this.#killing);
        settle({ last, how, livedMs: performance.now() - beganAt, wasTold: this.#wasTold });
      };
      this.#child.once("error", (error) => over(`could not be started (${error.message})`));
      this.#child.once("exit", (code, signal) =>
        over(signal === null ? `ended with status ${code}` : `was ended by ${signal}`),
      );
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Lets it finish what is in hand, for so many seconds if they are given. */
  stop(timeoutSeconds: number | undefined): void {
    this.#tell({ kind: "stop", timeoutSeconds });
  }

  /** Lets it give back what is in hand. It is killed if that takes long. */
  end(): void {
    this.#tell({ kind: "end" });
    this.#killing ??= setTimeout(() => this.#child.kill("SIGKILL"), END_MS);
  }

  #tell(message: ToProcess): void {
    this.#wasTold = true;
    // A failure means that it is ending already.
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }
}
