import type { FromRunner } from "../protocol.ts";
import type { Channel } from "./channel.ts";

/** How much is sent together at most: the text of it is one. */
const TOGETHER_MAX = 64;

/** What is told to the parent. What is said in one go is sent together, in parts of a bound. */
export class Outbox {
  readonly #channel: Channel;
  #messages: FromRunner[] = [];

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  tell(message: FromRunner): void {
    this.#messages.push(message);
    // After all promises that are settled by now, and before anything else.
    if (this.#messages.length === 1) process.nextTick(() => this.flush());
    else if (this.#messages.length >= TOGETHER_MAX) this.flush();
  }

  /** Sends what was told, at once. */
  flush(): void {
    if (this.#messages.length > 0) this.#channel.send(this.#messages.splice(0));
  }
}
