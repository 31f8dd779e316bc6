import type { FromRunner } from "../protocol.ts";
import type { Channel } from "./channel.ts";

/** What is told to the parent. What is said in one go is sent together. */
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
  }

  /** Sends what was told, at once. */
  flush(): void {
    if (this.#messages.length > 0) this.#channel.send(this.#messages.splice(0));
  }
}
