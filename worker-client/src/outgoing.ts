import { BATCH_MESSAGES_MAX, REQUEST_BYTES_MAX } from "../../src/contract/limits.ts";
import type { PutRequest } from "../../src/contract/schema.ts";
import type { MessageRun } from "../../src/contract/socket.ts";
import { Invalid, TooLarge } from "./errors.ts";
import { base64Of } from "./platform.ts";

/**
 * More than the server takes of any batch, and with what surrounds it less than a request or a frame may have. What is
 * larger than those is not read to its end, so that its sender might not hear why.
 */
const CONTENTS_BYTES_MAX = REQUEST_BYTES_MAX - 1_048_576;

/** As many of these as may share an operation have room in one frame. */
const SMALL_CHARACTERS = 8_192;

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

  /**
   * Throws a `TypeError` for what JSON has no words for, such as `undefined`, a function or a bigint, and `Invalid` for
   * more than any request or frame can carry.
   */
  constructor(items: readonly unknown[], options: MessageOptions) {
    if (items.length > BATCH_MESSAGES_MAX) throw tooMany(items.length);
    this.#texts = items.map(textOf);
    this.#options = isEmpty(options) ? "{}" : JSON.stringify(options);
    if (items.some((item) => item instanceof Uint8Array)) {
      this.#areBytes = items.map((item) => item instanceof Uint8Array);
    }
    this.#assertSize();
  }

  get count(): number {
    return this.#texts.length;
  }

  /** Whether this is one message, and not a large one. */
  get isSmall(): boolean {
    return this.#texts.length === 1 && (this.#texts[0] as string).length <= SMALL_CHARACTERS;
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
    if (characters * 3 <= CONTENTS_BYTES_MAX) return;
    const bytes = this.#texts.reduce((sum, text) => sum + new TextEncoder().encode(text).length, 0);
    if (bytes <= CONTENTS_BYTES_MAX) return;
    throw new TooLarge(`The items have ${bytes} bytes; a put has at most ${CONTENTS_BYTES_MAX}.`);
  }
}

/** Whether there is no option, as in most puts. */
function isEmpty(options: MessageOptions): boolean {
  for (const name in options) if (options[name as keyof MessageOptions] !== undefined) return false;
  return true;
}

function tooMany(count: number): Invalid {
  const message = `must be at most ${BATCH_MESSAGES_MAX}, not ${count}`;
  return new Invalid(`messages ${message}.`, { errors: [{ path: "messages", message }] });
}

function textOf(item: unknown): string {
  if (item instanceof Uint8Array) return `"${base64Of(item)}"`;
  const text = JSON.stringify(item);
  if (text === undefined) throw new TypeError(`An item must have a JSON form; ${typeof item} has none.`);
  return text;
}
