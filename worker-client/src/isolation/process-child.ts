import { builtinModule, optionsOfNode, type StartedProcess } from "../base/node-modules.ts";
import { Timer } from "../base/platform.ts";
import { type Child, type ChildEnd, type ChildEvents, type ChildOptions, inheritedOptions, saidIn } from "./child.ts";
import type { ToRunner } from "./protocol.ts";

/** How long what an ended process has said may take to be read, in milliseconds. */
const READ_MS = 2_000;

/** How long a process may go on, in milliseconds, after the channel to it was closed. Most are ending then. */
const CLOSED_MS = 1_000;

/** What else there is to say of processes that were ended by a signal. */
const SIGNALS: Readonly<Record<string, string>> = {
  SIGKILL: ", as the system does when memory runs out",
  SIGABRT: ", as Node does when its heap is out of memory",
};

/** A child process. */
export class ProcessChild implements Child {
  readonly kind = "process";
  readonly #child: StartedProcess;
  #end: ChildEnd | undefined;
  #isRead = false;
  #isTold = false;
  #closing: Timer | undefined;
  readonly #events: ChildEvents;

  constructor({ program, environment, output }: ChildOptions, events: ChildEvents) {
    const processes = builtinModule("node:child_process");
    const path = builtinModule("node:url")?.fileURLToPath(program);
    if (processes === undefined || path === undefined) throw new TypeError("This runtime has no child processes.");
    this.#events = events;
    this.#child = processes.fork(path, [], {
      ...(environment === undefined ? {} : { env: environment }),
      execArgv: inheritedOptions(optionsOfNode()),
      serialization: "json",
      stdio: ["ignore", output ?? "inherit", "inherit", "ipc"],
    });
    this.#child.on("message", (sent) => {
      if (!this.#isTold) events.heard(saidIn(sent));
    });
    this.#child.on("error", (error) => {
      // Also told where a message could not be sent, or it could not be killed.
      if (this.#child.pid === undefined)
        this.#over({ how: `could not be started (${error.message})`, isOwnDoing: false });
    });
    this.#child.once("exit", (code, signal) => this.#over(endOf(code, signal)));
    this.#child.once("disconnect", () => {
      this.#isRead = true;
      this.#tell();
      if (!this.#isTold) this.#closing = new Timer(CLOSED_MS, () => this.#endClosed());
    });
  }

  get id(): number {
    return this.#child.pid ?? 0;
  }

  send(messages: readonly ToRunner[]): void {
    // A failure means that it is ending.
    if (this.#child.connected) this.#child.send(messages, () => undefined);
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  /** Nothing can be heard of what it does. */
  #endClosed(): void {
    this.#end ??= { how: "had closed the channel to its worker, and was ended", isOwnDoing: true };
    this.kill();
  }

  /** What it said before it ended may arrive later than its end. */
  #over(end: ChildEnd): void {
    this.#end ??= end;
    this.#closing?.clear();
    if (this.#child.pid === undefined || !this.#child.connected) this.#isRead = true;
    this.#tell();
    if (!this.#isTold) {
      new Timer(READ_MS, () => {
        this.#isRead = true;
        this.#tell();
      });
    }
  }

  #tell(): void {
    if (this.#end === undefined || !this.#isRead || this.#isTold) return;
    this.#isTold = true;
    this.#events.ended(this.#end);
  }
}

function endOf(code: number | null, signal: string | null): ChildEnd {
  if (signal !== null) return { how: `was ended by ${signal}${SIGNALS[signal] ?? ""}`, isOwnDoing: false };
  return { how: `ended itself with status ${code ?? 0}`, isOwnDoing: true };
}
