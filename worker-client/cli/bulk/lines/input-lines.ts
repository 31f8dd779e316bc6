/** Splits a stream of bytes into lines, with memory for one line at most. */
import { isUtf8 } from "node:buffer";
import { Failure } from "../../base/exit.ts";

/** The longest line that is read, in bytes: a body of 1 MiB of which each character is escaped, with its options. */
export const LINE_BYTES_MAX = 8 * 1024 * 1024;

const NEWLINE = 0x0a;
const BYTE_ORDER_MARK = "\ufeff";

/** The first two bytes of compressed files, which no text in UTF-8 begins with, and what decompresses them. */
const COMPRESSED: readonly { start: readonly [number, number]; program: string }[] = [
  { start: [0x1f, 0x8b], program: "gzip" },
  { start: [0xfd, 0x37], program: "xz" },
  { start: [0x28, 0xb5], program: "zstd" },
];

/** One line of an input, without its end. */
export interface InputLine {
  /** From 1. */
  number: number;
  /** Empty where the line cannot be shown as text. */
  text: string;
  /** Why it is no text: the end of a sentence that begins with "Line 7". */
  fault?: string;
}

/** The lines of an input whose bytes come in pieces. */
export class LineSplitter {
  /** The bytes behind the last end of a line. */
  #rest: Buffer[] = [];
  #restBytes = 0;
  /** Whether the line that is being read is longer than `LINE_BYTES_MAX`; its bytes are dropped. */
  #isTooLong = false;
  #number = 0;
  #isBegun = false;

  /**
   * The lines that end in this piece.
   *
   * @throws {Failure} for UTF-16 and compressed data
   */
  push(piece: Buffer): InputLine[] {
    const end = piece.lastIndexOf(NEWLINE);
    if (end < 0) {
      this.#keep(piece);
      return [];
    }
    const lines = this.#linesOf(piece.subarray(0, end));
    this.#keep(piece.subarray(end + 1));
    return lines;
  }

  /** The last line, if it has no end; none if the input ended with one. */
  end(): InputLine[] {
    if (this.#restBytes === 0 && !this.#isTooLong) return [];
    return this.#linesOf(Buffer.alloc(0));
  }

  #keep(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#restBytes += bytes.length;
    if (this.#restBytes > LINE_BYTES_MAX) {
      this.#isTooLong = true;
      this.#rest = [];
    }
    // A copy, so that a short rest does not keep the memory of its whole piece.
    if (!this.#isTooLong) this.#rest.push(Buffer.from(bytes));
  }

  /** @param bytes of whole lines, the last without its end; the first goes on with what was kept */
  #linesOf(bytes: Buffer): InputLine[] {
    const lines: InputLine[] = [];
    let begin = 0;
    if (this.#restBytes > 0) {
      const newline = bytes.indexOf(NEWLINE);
      const first = newline < 0 ? bytes : bytes.subarray(0, newline);
      this.#keep(first);
      lines.push(this.#isTooLong ? this.#tooLong() : this.#lineOf(Buffer.concat(this.#rest, this.#restBytes)));
      this.#rest = [];
      this.#restBytes = 0;
      this.#isTooLong = false;
      if (newline < 0) return lines;
      begin = newline + 1;
    }
    this.#addAll(bytes.subarray(begin), lines);
    return lines;
  }

  #addAll(bytes: Buffer, lines: InputLine[]): void {
    if (this.#isBegun && isUtf8(bytes)) {
      for (const text of bytes.toString("utf8").split("\n")) {
        lines.push(text.length > LINE_BYTES_MAX ? this.#tooLong() : this.#textLine(text));
      }
      return;
    }
    for (let begin = 0; begin <= bytes.length; ) {
      const newline = bytes.indexOf(NEWLINE, begin);
      const end = newline < 0 ? bytes.length : newline;
      lines.push(this.#lineOf(bytes.subarray(begin, end)));
      begin = end + 1;
    }
  }

  #lineOf(bytes: Buffer): InputLine {
    if (!this.#isBegun) {
      assertText(bytes);
      this.#isBegun = true;
      const text = bytes.toString("utf8");
      if (text.startsWith(BYTE_ORDER_MARK)) return this.#textLine(text.slice(1));
    }
    if (bytes.length > LINE_BYTES_MAX) return this.#tooLong();
    if (isUtf8(bytes)) return this.#textLine(bytes.toString("utf8"));
    this.#number += 1;
    return { number: this.#number, text: "", fault: "is not UTF-8. Convert the input to UTF-8, as with iconv" };
  }

  #textLine(text: string): InputLine {
    this.#number += 1;
    return { number: this.#number, text: text.endsWith("\r") ? text.slice(0, -1) : text };
  }

  #tooLong(): InputLine {
    this.#isBegun = true;
    this.#number += 1;
    return { number: this.#number, text: "", fault: `is longer than ${LINE_BYTES_MAX} bytes, the most that is read` };
  }
}

/** Throws a `Failure` for what begins as other kinds of files do. */
function assertText(bytes: Buffer): void {
  const [first, second] = bytes;
  const begins = (a: number, b: number) => first === a && second === b;
  if (begins(0xff, 0xfe) || begins(0xfe, 0xff)) {
    throw new Failure("The input is UTF-16, not UTF-8. Convert it first: iconv -f UTF-16 -t UTF-8.", "foreign_input");
  }
  const compressed = COMPRESSED.find(({ start: [a, b] }) => begins(a, b));
  if (compressed === undefined) return;
  throw new Failure(`The input is compressed. Decompress it first: ${compressed.program} -dc.`, "foreign_input");
}
