import { once } from "node:events";
import type { Contender } from "../contender.ts";
import type { Figures, Sizes } from "../roles/role.ts";
import { Child } from "./child-process.ts";

const MAIN = `${import.meta.dirname}/../roles/main.ts`;

/**
 * A larger space for new objects, as Node's documentation suggests for throughput: what is in flight at so many messages
 * a second outlives the default one, and would be copied again and again. For the clients of every contender alike.
 */
const NODE_OPTIONS = ["--conditions=durable-queue-source", "--max-semi-space-size=64"];

type Word = "ready" | { figures: Figures } | { failure: string };

/** A role that is played in a process of its own. */
export class Player {
  readonly #child: Child;
  readonly #signal: AbortSignal;

  private constructor(child: Child, signal: AbortSignal) {
    this.#child = child;
    this.#signal = signal;
  }

  /** Starts the process and waits until it is ready to go. */
  static async start(contender: Contender, address: string, role: string, sizes: Sizes, signal: AbortSignal) {
    const main = contender.player?.() ?? [process.execPath, ...NODE_OPTIONS, MAIN, contender.name];
    const child = new Child([...main, address, role, JSON.stringify(sizes)], {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      // What a client library warns of is not what is measured.
      env: { ...process.env, NODE_NO_WARNINGS: "1" },
    });
    const player = new Player(child, signal);
    try {
      const word = await player.#hear();
      if (word !== "ready") throw child.failure(`said ${JSON.stringify(word)} before it was asked`);
      return player;
    } catch (error) {
      child.kill();
      throw error;
    }
  }

  /** Lets it go, and answers with what it measured. */
  async go(): Promise<Figures> {
    const heard = this.#hear();
    this.#child.process.send("go");
    const word = await heard;
    if (word === "ready") throw this.#child.failure("was ready twice");
    if ("failure" in word) throw new Error(word.failure);
    return word.figures;
  }

  leave(): void {
    this.#child.kill();
  }

  async #hear(): Promise<Word> {
    const isOver = new AbortController();
    const signal = AbortSignal.any([this.#signal, isOver.signal]);
    const ended = once(this.#child.process, "exit", { signal }).then(() => {
      throw this.#child.failure("ended before its time");
    });
    try {
      const [word] = await Promise.race([once(this.#child.process, "message", { signal }), ended]);
      return word as Word;
    } catch (error) {
      throw this.#signal.aborted ? this.#child.failure("took too long") : error;
    } finally {
      ended.catch(() => undefined);
      isOver.abort();
    }
  }
}
