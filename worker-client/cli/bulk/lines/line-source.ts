import { fstatSync } from "node:fs";
import type { Io } from "../../base/io.ts";
import { type InputLine, LineSplitter } from "./input-lines.ts";

/** The lines of a stream of bytes, and how much of it was read. */
export class LineSource implements AsyncIterable<InputLine[]> {
  readonly #stream: AsyncIterable<Uint8Array | string>;
  readonly #bytes: number | undefined;
  #bytesRead = 0;

  /** @param bytes how many there are; undefined if that is not known */
  constructor(stream: AsyncIterable<Uint8Array | string>, bytes: number | undefined) {
    this.#stream = stream;
    this.#bytes = bytes;
  }

  /** Those of standard input. */
  static ofInput({ stdin }: Pick<Io, "stdin">): LineSource {
    return new LineSource(stdin as AsyncIterable<Uint8Array | string>, sizeOf(stdin));
  }

  /** The part that was read, from 0 to 1; undefined if the size is not known. */
  get part(): number | undefined {
    return this.#bytes === undefined || this.#bytes === 0 ? undefined : this.#bytesRead / this.#bytes;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<InputLine[]> {
    const splitter = new LineSplitter();
    for await (const piece of this.#stream) {
      const bytes =
        typeof piece === "string" ? Buffer.from(piece) : Buffer.from(piece.buffer, piece.byteOffset, piece.length);
      this.#bytesRead += bytes.length;
      const lines = splitter.push(bytes);
      if (lines.length > 0) yield lines;
    }
    const last = splitter.end();
    if (last.length > 0) yield last;
  }
}

/** The size of a file that standard input is, in bytes; undefined for a pipe or a terminal. */
function sizeOf(stdin: object): number | undefined {
  if (!("fd" in stdin) || typeof stdin.fd !== "number") return undefined;
  try {
    const stat = fstatSync(stdin.fd);
    return stat.isFile() ? stat.size : undefined;
  } catch {
    return undefined;
  }
}
