import { builtinModule, optionsOfNode, type StartedThread } from "../base/node-modules.ts";
import { lineOf } from "../events/log.ts";
import { type Child, type ChildEnd, type ChildEvents, type ChildOptions, saidIn } from "./child.ts";
import type { ToRunner } from "./protocol.ts";

/** A worker thread. */
export class ThreadChild implements Child {
  readonly kind = "thread";
  readonly id: number;
  readonly #thread: StartedThread;
  #isOver = false;

  constructor({ program, environment }: ChildOptions, events: ChildEvents) {
    const threads = builtinModule("node:worker_threads");
    if (threads === undefined) throw new TypeError("This runtime has no worker threads.");
    const env = environment === undefined ? {} : { env: environment };
    this.#thread = isGiven(optionsOfNode())
      ? new threads.Worker(`import(${JSON.stringify(program.href)})`, { ...env, eval: true })
      : new threads.Worker(program, env);
    this.id = this.#thread.threadId;
    this.#thread.on("message", (sent) => events.heard(saidIn(sent)));
    let failure: { error: unknown } | undefined;
    this.#thread.on("error", (error) => {
      failure = { error };
    });
    this.#thread.once("exit", (code) => {
      this.#isOver = true;
      events.ended(endOf(code, failure));
    });
  }

  send(messages: readonly ToRunner[]): void {
    if (!this.#isOver) this.#thread.postMessage(messages);
  }

  kill(): void {
    void this.#thread.terminate();
  }
}

/** Whether this program came from the command line. Threads have its options, by which they refuse to be files. */
function isGiven(options: readonly string[]): boolean {
  return options.some((option) => option.startsWith("--input-type"));
}

function endOf(code: number, failure: { error: unknown } | undefined): ChildEnd {
  if (failure === undefined) return { how: `ended itself with status ${code}`, isOwnDoing: true };
  const { code: reason } = (failure.error ?? {}) as { code?: unknown };
  if (reason === "ERR_WORKER_OUT_OF_MEMORY")
    return { how: "ended because its heap was out of memory", isOwnDoing: false };
  return { how: `ended by an error that nothing caught: ${lineOf(failure.error)}`, isOwnDoing: true };
}
