import { beginOfLine, fingerprintOf, freedIn, isFreeing, keyOfLine, linesIn, type PlaceRange } from "./key-records.ts";
import { type RowReader, splitLines } from "./rows.ts";

/** In so many look-ups the text of a row is searched. With the next one it is split, which takes as long as some tens. */
const SEARCHES_MAX = 8;

/** Lines of keys, found by key or by fingerprint. A line is parsed when it is looked at, which most never are. */
export class KeyIndex {
  /** The stored keys of a row, until they are split. */
  #text = "";
  #searches = 0;
  /** The lines that are split. Those of one fingerprint are one text, because there is mostly one. */
  readonly #lines = new Map<number, string>();
  /** Messages whose dedupe keys count no more. */
  readonly freed: PlaceRange[] = [];
  /** How many lines were added. */
  size = 0;
  /** About what it takes of memory. */
  bytes = 0;

  /** Takes in the stored keys of a row. */
  static of(text: string): KeyIndex {
    const index = new KeyIndex();
    index.#text = text;
    index.freed.push(...freedIn(text));
    // As if it were split already: it may be at any time.
    index.bytes = 2 * text.length;
    return index;
  }

  /** Adds lines with their fingerprints, from a position on. */
  addAll(lines: readonly string[], fingerprints: readonly number[], begin = 0): this {
    for (let position = begin; position < lines.length; position += 1) {
      const line = lines[position] as string;
      this.#add(fingerprints[position] as number, line);
      this.size += 1;
      this.bytes += line.length + BYTES_PER_LINE;
    }
    return this;
  }

  /** The lines that may be those of this key, the newest first; those of keys with the same fingerprint may be among them. */
  linesOfKey(key: string, fingerprint: number): string[] {
    const lines = this.#split(fingerprint);
    if (this.#text === "") return lines;
    this.#searches += 1;
    if (this.#searches > SEARCHES_MAX) return this.linesOf(fingerprint);
    return lines.concat(linesIn(this.#text, beginOfLine(key)).reverse());
  }

  /** All lines with this fingerprint, the newest first. */
  linesOf(fingerprint: number): string[] {
    if (this.#text === "") return this.#split(fingerprint);
    const newer = new Map(this.#lines);
    this.#lines.clear();
    for (const line of splitLines(this.#text)) {
      if (!isFreeing(line)) this.#add(fingerprintOf(keyOfLine(line)), line);
    }
    this.#text = "";
    for (const [ofNewer, lines] of newer) this.#add(ofNewer, lines);
    return this.#split(fingerprint);
  }

  #split(fingerprint: number): string[] {
    const lines = this.#lines.get(fingerprint);
    if (lines === undefined) return [];
    return lines.includes("\n") ? lines.split("\n").reverse() : [lines];
  }

  #add(fingerprint: number, line: string): void {
    const others = this.#lines.get(fingerprint);
    this.#lines.set(fingerprint, others === undefined ? line : `${others}\n${line}`);
  }
}

/** What a line takes beside its text. */
const BYTES_PER_LINE = 64;

/** How much of stored keys stays in memory: what was looked at last. */
const KEPT_BYTES_MAX = 4 * 1024 * 1024;

/** The keys in stored rows: read and split once, and kept while they are looked at. */
export class KeyRows {
  readonly #reader: RowReader;
  /** The one used last at the end. */
  readonly #kept = new Map<number, KeyIndex>();
  #bytes = 0;

  constructor(reader: RowReader) {
    this.#reader = reader;
  }

  /** The keys of a row, to be looked at before another is asked for. */
  of(slot: number): KeyIndex {
    const kept = this.#kept.get(slot);
    const index = kept ?? KeyIndex.of(this.#reader.keys(slot));
    this.#kept.delete(slot);
    this.#kept.set(slot, index);
    if (kept === undefined) {
      this.#bytes += index.bytes;
      this.#trim();
    }
    return index;
  }

  /** Tells that these lines are stored in a row, behind those that are there. */
  added(slot: number, lines: readonly string[], fingerprints: readonly number[], freed: readonly PlaceRange[]): void {
    const kept = this.#kept.get(slot);
    if (kept === undefined) return;
    this.#bytes -= kept.bytes;
    kept.addAll(lines, fingerprints).freed.push(...freed);
    this.#bytes += kept.bytes;
    this.#trim();
  }

  /** Lets go of the keys of a row. */
  drop(slot: number): void {
    this.#bytes -= this.#kept.get(slot)?.bytes ?? 0;
    this.#kept.delete(slot);
  }

  /** The one used last stays, whatever its size. */
  #trim(): void {
    for (const slot of this.#kept.keys()) {
      if (this.#bytes <= KEPT_BYTES_MAX || this.#kept.size === 1) return;
      this.drop(slot);
    }
  }
}
