import { REQUEST_BYTES_MAX } from "../../src/contract/limits.ts";
import type { PutRequest } from "../../src/contract/schema.ts";
import type { MessageRun } from "../../src/contract/socket.ts";
import { TooLarge } from "./errors.ts";

/** What a put says of each of its messages beside the content. */
export type MessageOptions = Omit<PutRequest["messages"][number], "body" | "bytes">;

/**
 * Messages on their way out. Their texts are made once, so that a put that is sent again is the same put, whatever has
 * become of the items meanwhile.
 */
export class Outgoing {
  /** One JSON value each: that of the item, or a string of base64. */
  readonly #texts: string[];
  /** Which of the items are bytes; undefined if none is. */
  readonly #areBytes: boolean[] | undefined;
  /** The options of all of them, as JSON; "{}" for none. */
  readonly #options: string;

  /** Throws a `TypeError` for what JSON has no words for, such as `undefined`, a function or a bigint. */
  constructor(items: readonly unknown[], options: MessageOptions) {
    this.#texts = items.map(textOf);
    this.#options = JSON.stringify(options);
    if (items.some((item) => item instanceof Uint8Array)) {
      this.#areBytes = items.map((item) => item instanceof Uint8Array);
    }
    this.#assertSize();
  }

  get count(): number {
    return this.#texts.length;
  }

  /** The member `messages` of an HTTP request. */
  get json(): string {
    const rest = this.#options === "{}" ? "" : `,${this.#options.slice(1, -1)}`;
    const messages = this.#texts.map((text, index) => {
      return `{"${this.#areBytes?.[index] === true ? "bytes" : "body"}":${text}${rest}}`;
    });
    return `[${messages.join(",")}]`;
  }

  /** The contents as lines of a socket's frame. */
  get lines(): readonly string[] {
    return this.#texts;
  }

  /** What the lines are; undefined where that need not be said. */
  get runs(): MessageRun[] | undefined {
    if (this.#areBytes === undefined && this.#options === "{}") return undefined;
    const options = JSON.parse(this.#options) as MessageOptions;
    if (this.#areBytes === undefined) return [{ count: this.count, ...options }];
    return this.#areBytes.map((bytes) => ({ ...options, bytes }));
  }

  #assertSize(): void {
    const characters = this.#texts.reduce((sum, text) => sum + text.length, 0);
    // A character takes at most three bytes: most puts need not be counted.
    if (characters * 3 <= REQUEST_BYTES_MAX) return;
    const bytes = this.#texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    if (bytes <= REQUEST_BYTES_MAX) return;
    throw new TooLarge("too_large", `The items have ${bytes} bytes; a request has at most ${REQUEST_BYTES_MAX}.`);
  }
}

function textOf(item: unknown): string {
  if (item instanceof Uint8Array) return `"${Buffer.from(item).toString("base64")}"`;
  const text = JSON.stringify(item);
  if (text === undefined) throw new TypeError(`An item must have a JSON form; ${typeof item} has none.`);
  return text;
}
