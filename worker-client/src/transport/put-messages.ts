import type { MessageRun, PutRequest } from "../../../src/api/types.ts";
import { BATCH_BYTES_MAX, BATCH_MESSAGES_MAX, BODY_BYTES_MAX } from "../../../src/contract/limits.ts";
import { shown } from "../base/check-options.ts";
import { Invalid, TooLarge } from "../base/errors.ts";
import { base64Of } from "../base/platform.ts";

/** 1,000 messages of this size, as many as may share an operation, fit into one frame. */
const SMALL_CHARACTERS = 8_192;

/** An item whose JSON text is made already. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** The options of a message that is put. */
export type MessageOptions = Omit<PutRequest["messages"][number], "body" | "bytes">;

/**
 * The messages of a put. Their texts are made once, so that a put that is sent again is the same put, also if the
 * program has changed the items meanwhile.
 */
export class PutMessages {
  /** One JSON value each: that of the item, or a string of base64. */
  readonly #texts: string[];
  /** Which of the items are bytes; undefined if none is. */
  readonly #areBytes: boolean[] | undefined;
  /** The options of each as JSON, "{}" for none; one for all where they are the same. */
  readonly #options: readonly string[];

  /**
   * Throws a `TypeError` for an item without a JSON form, such as `undefined`, a function or a bigint, `Invalid` for
   * too many, and `TooLarge` for an item or a batch that the server would not take.
   *
   * @param options those of all items, or of each
   */
  constructor(items: readonly unknown[], options: MessageOptions | readonly MessageOptions[]) {
    if (items.length > BATCH_MESSAGES_MAX) throw tooMany(items.length);
    this.#texts = items.map(textOf);
    this.#options = textsOf(isList(options) ? options : [options]);
    if (items.some((item) => item instanceof Uint8Array)) {
      this.#areBytes = items.map((item) => item instanceof Uint8Array);
    }
    this.#assertSizes(items, options);
  }

  get count(): number {
    return this.#texts.length;
  }

  /** Whether this is one message, and not a large one with its options. */
  get isSmall(): boolean {
    if (this.count !== 1) return false;
    return (this.#texts[0] as string).length + this.#optionsOf(0).length <= SMALL_CHARACTERS;
  }

  /** The member `messages` of an HTTP request. */
  get json(): string {
    const messages = this.#texts.map((text, index) => {
      const options = this.#optionsOf(index);
      const rest = options === "{}" ? "" : `,${options.slice(1, -1)}`;
      return `{"${this.#areBytes?.[index] === true ? "bytes" : "body"}":${text}${rest}}`;
    });
    return `[${messages.join(",")}]`;
  }

  /** The contents as lines of a socket's frame. */
  get lines(): readonly string[] {
    return this.#texts;
  }

  /** The options and kinds of the lines; undefined if all are JSON without options. */
  get runs(): MessageRun[] | undefined {
    const areOptionsShared = this.#options.length === 1;
    if (this.#areBytes === undefined && areOptionsShared) {
      if (this.#options[0] === "{}") return undefined;
      return [{ count: this.count, ...(JSON.parse(this.#options[0] as string) as MessageOptions) }];
    }
    const runs: MessageRun[] = [];
    for (let index = 0; index < this.count; index += 1) {
      const last = runs.at(-1);
      const areBytes = this.#areBytes?.[index] === true;
      const isAlike = this.#optionsOf(index) === this.#optionsOf(index - 1) && areBytes === (last?.bytes === true);
      // Those that are alike share a run, which the server checks once.
      if (last !== undefined && isAlike) last.count = (last.count ?? 1) + 1;
      else
        runs.push({ ...(JSON.parse(this.#optionsOf(index)) as MessageOptions), ...(areBytes ? { bytes: true } : {}) });
    }
    return runs;
  }

  #optionsOf(index: number): string {
    return this.#options[this.#options.length === 1 ? 0 : index] as string;
  }

  #assertSizes(items: readonly unknown[], options: MessageOptions | readonly MessageOptions[]): void {
    const characters = this.#texts.reduce((sum, text, index) => sum + text.length + this.#optionsOf(index).length, 0);
    // A character takes at most three bytes: most puts need not be counted.
    if (characters * 3 <= BODY_BYTES_MAX) return;
    let batchBytes = 0;
    for (const [index, item] of items.entries()) {
      const bytes = sizeOf(item, this.#texts[index] as string);
      const headers = (isList(options) ? options[index] : options)?.headers;
      batchBytes += bytes + (headers === undefined ? 0 : bytesOf(JSON.stringify(headers)));
      if (bytes > BODY_BYTES_MAX) throw tooLarge(`messages[${index}]`, "has", bytes, BODY_BYTES_MAX);
    }
    if (batchBytes > BATCH_BYTES_MAX) throw tooLarge("messages", "have", batchBytes, BATCH_BYTES_MAX);
  }
}

/**
 * The content of a message that is changed, as a request has it. Throws as `PutMessages` does, for the field `item`.
 */
export function contentOf(item: unknown): { body: unknown } | { bytes: string } {
  const bytes = sizeOf(item, textOf(item));
  if (bytes > BODY_BYTES_MAX) throw tooLarge("item", "has", bytes, BODY_BYTES_MAX);
  return item instanceof Uint8Array ? { bytes: base64Of(item) } : { body: item };
}

/** @param text its JSON */
function sizeOf(item: unknown, text: string): number {
  return item instanceof Uint8Array ? item.byteLength : bytesOf(text);
}

/** The options as JSON. Neighbours that are the same object have the same text, which is made once. */
function textsOf(options: readonly MessageOptions[]): string[] {
  const texts: string[] = [];
  for (const [index, each] of options.entries()) {
    const isSame = index > 0 && each === options[index - 1];
    texts.push(isSame ? (texts[index - 1] as string) : isEmpty(each) ? "{}" : JSON.stringify(each));
  }
  return texts;
}

function isList(options: MessageOptions | readonly MessageOptions[]): options is readonly MessageOptions[] {
  return Array.isArray(options);
}

/** Whether there is no option, as in most puts. */
function isEmpty(options: MessageOptions): boolean {
  for (const name in options) if (options[name as keyof MessageOptions] !== undefined) return false;
  return true;
}

function tooMany(count: number): Invalid {
  const message = `must be at most ${BATCH_MESSAGES_MAX}, not ${count}`;
  return new Invalid(`messages ${message}.`, { code: "invalid", errors: [{ path: "messages", message }] });
}

function tooLarge(path: string, has: string, bytes: number, bytesMax: number): TooLarge {
  const message = `${has} ${bytes} bytes, more than ${bytesMax}`;
  return new TooLarge(`${path} ${message}.`, { code: "too_large", errors: [{ path, message }] });
}

const encoder = new TextEncoder();

/** The bytes of a text in UTF-8. */
function bytesOf(text: string): number {
  return encoder.encode(text).length;
}

function textOf(item: unknown): string {
  if (item instanceof Uint8Array) return `"${base64Of(item)}"`;
  if (item instanceof JsonText) return item.text;
  const text = JSON.stringify(item);
  if (text === undefined) throw new TypeError(`An item must have a JSON form; ${shown(item)} has none.`);
  return text;
}
