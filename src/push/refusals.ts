import type { ProblemCode } from "../contract/problems.ts";
import { type Configuration, PUSH_TIMER_MS_MAX } from "../queue/base/configuration.ts";
import { backoffMsAfter } from "./breaker.ts";

/** A queue that cannot be used says so with these. It is looked at again with the first commit batch that can. */
const UNUSABLE: ReadonlySet<string> = new Set<ProblemCode>(["damaged", "newer_data", "misconfigured"]);

/** Decides when receives are tried again that the queue has refused. */
export class Refusals {
  /** The configuration under which the queue was shut down. */
  #shutUnder: Configuration | undefined;
  #count = 0;
  #until = 0;

  /** Forgets them: a receive was answered, or the target is another. */
  clear(): void {
    this.#shutUnder = undefined;
    this.#count = 0;
    this.#until = 0;
  }

  /** Notes a refusal. All receives of a commit batch are refused together, and count once. */
  note(code: ProblemCode, configuration: Configuration | undefined, now: number): void {
    if (code === "shut_down") this.#shutUnder = configuration;
    else if (!UNUSABLE.has(code) && now >= this.#until) {
      this.#count += 1;
      this.#until = now + Math.min(backoffMsAfter(this.#count), PUSH_TIMER_MS_MAX);
    }
  }

  /** How long no receive is tried, in milliseconds: at most `PUSH_TIMER_MS_MAX`. */
  waitMs(now: number): number {
    return Math.max(0, this.#until - now);
  }

  /** Whether a queue gives nothing before it is configured again, or has messages all the same. */
  isShutDown({ configuration, waiting }: { configuration: Configuration; waiting: number }): boolean {
    return configuration === this.#shutUnder && waiting === 0;
  }
}
