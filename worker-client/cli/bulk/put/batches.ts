/** Makes batches of the lines of an input. */
import { createHash, type Hash } from "node:crypto";
import type { InputLine } from "../lines/input-lines.ts";
import { LineFault, type LineForm, type LineMessage } from "../lines/message-lines.ts";
import { BATCH_CHARACTERS, BATCH_LINES } from "./limits.ts";
import type { LineRange } from "./line-ledger.ts";

/** Lines that are put together. Lines that were left out, and empty ones, have no message in it. */
export interface Batch {
  first: number;
  last: number;
  /** The digest of all lines up to `last`. */
  digest: string;
  messages: LineMessage[];
  /** The number of the line of each message. */
  lines: number[];
  characters: number;
}

/** A line that is no message. */
export interface FaultyLine {
  line: number;
  /** The end of a sentence that begins with "Line 7". */
  fault: string;
}

/** What was known of an input before it is read. */
export interface KnownLines {
  /** Lines up to this one are not put. */
  through: number;
  /** Their digest, if it is known. */
  digest: string | undefined;
  /** Batches behind them of an earlier run, in their order. */
  later: readonly LineRange[];
}

/** The input is not the one that was known. */
export class OtherInput extends Error {}

/** Collects the lines of an input, and cuts them into batches. */
export class Batches {
  readonly #form: LineForm;
  readonly #known: KnownLines;
  #later: readonly LineRange[];
  readonly #hash: Hash = createHash("sha256");
  /** Lines that are not in the digest yet. */
  #unhashed: string[] = [];
  #unhashedCharacters = 0;
  #batch: Batch;

  constructor(form: LineForm, known: KnownLines) {
    this.#form = form;
    this.#known = known;
    this.#later = known.later;
    this.#batch = emptyBatch(known.through + 1);
  }

  /**
   * Takes the next line, and answers with the batch that is full by it. A line that is no message is not taken.
   *
   * @throws {OtherInput} if the lines that were put are others than those of the input
   */
  add(line: InputLine): { batch?: Batch | undefined; faulty?: FaultyLine | undefined } {
    if (line.number <= this.#known.through) {
      this.#skip(line);
      return {};
    }
    const faulty = this.#take(line);
    return faulty === undefined ? { batch: this.#include(line) } : { faulty };
  }

  /** Takes a line that is no message, which is left out of its batch. Answers as `add`. */
  leaveOut(line: InputLine): Batch | undefined {
    return this.#include(line);
  }

  /** A line that was put before. */
  #skip({ number, text }: InputLine): void {
    const { through, digest } = this.#known;
    this.#note(text);
    if (number === through) assertSame(digest, this.#digest(), through);
    else if (this.#unhashed.length >= BATCH_LINES || this.#unhashedCharacters >= BATCH_CHARACTERS) this.#hashAll();
  }

  #include({ number, text }: InputLine): Batch | undefined {
    this.#note(text);
    this.#batch.last = number;
    this.#batch.characters += text.length;
    return this.#isFull() ? this.cut() : undefined;
  }

  #note(text: string): void {
    this.#unhashed.push(text);
    this.#unhashedCharacters += text.length;
  }

  /** The batch of the lines that were taken; undefined if there are none, or they were put before. */
  cut(): Batch | undefined {
    const batch = this.#batch;
    if (batch.last < batch.first) return undefined;
    batch.digest = this.#digest();
    this.#batch = emptyBatch(batch.last + 1);
    const [known] = this.#later;
    if (known?.first !== batch.first) return batch;
    assertSame(known.digest, batch.last === known.last ? batch.digest : "", known.last);
    this.#later = this.#later.slice(1);
    return known.isPut ? undefined : batch;
  }

  /** Whether the lines that wait for their batch belong to one of an earlier run. */
  get isWithinKnown(): boolean {
    const [known] = this.#later;
    return known !== undefined && this.#batch.first === known.first;
  }

  get isEmpty(): boolean {
    return this.#batch.last < this.#batch.first;
  }

  #take({ number, text, fault }: InputLine): FaultyLine | undefined {
    const [known] = this.#later;
    // It is not sent again, whatever is in it.
    if (known?.isPut === true && known.first === this.#batch.first) return undefined;
    if (fault !== undefined) return { line: number, fault };
    if (text.trim() === "") return undefined;
    try {
      const message = this.#form(text);
      if (message === undefined) return undefined;
      this.#batch.messages.push(message);
    } catch (error) {
      if (error instanceof LineFault) return { line: number, fault: error.message };
      throw error;
    }
    this.#batch.lines.push(number);
    return undefined;
  }

  /** A batch of an earlier run is sent again as it was. */
  #isFull(): boolean {
    const { first, last, characters } = this.#batch;
    const [known] = this.#later;
    if (known?.first === first) return last === known.last;
    if (known !== undefined && last + 1 === known.first) return true;
    return last - first + 1 >= BATCH_LINES || characters >= BATCH_CHARACTERS;
  }

  #hashAll(): void {
    if (this.#unhashed.length === 0) return;
    this.#hash.update(`${this.#unhashed.join("\n")}\n`);
    this.#unhashed = [];
    this.#unhashedCharacters = 0;
  }

  #digest(): string {
    this.#hashAll();
    return this.#hash.copy().digest("base64url");
  }
}

function emptyBatch(first: number): Batch {
  return { first, last: first - 1, digest: "", messages: [], lines: [], characters: 0 };
}

function assertSame(known: string | undefined, read: string, through: number): void {
  if (known === undefined || known === read) return;
  throw new OtherInput(
    `The first ${through} lines of the input are not those that were put. Give the same input from its beginning.`,
  );
}
