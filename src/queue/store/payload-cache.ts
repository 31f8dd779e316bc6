import { DamagedRow } from "../base/damage.ts";
import { type RowReader, splitLines } from "./rows.ts";
import type { Segment } from "./segment.ts";

/**
 * The lines that are in memory: a window on the queue, never the truth.
 *
 * A line is what of a message never changes. Lines that were put but not committed yet are only here.
 */
export class LineWindow {
  readonly #reader: RowReader;
  readonly #held = new Map<Segment, string[]>();
  readonly #uncommitted = new Map<Segment, string[]>();
  #characters = 0;

  constructor(reader: RowReader) {
    this.#reader = reader;
  }

  add(segment: Segment, line: string): void {
    const uncommitted = this.#uncommitted.get(segment);
    if (uncommitted === undefined) this.#uncommitted.set(segment, [line]);
    else uncommitted.push(line);
    const held = this.#held.get(segment);
    if (held !== undefined) held.push(line);
    else if (segment.count === 1) this.#held.set(segment, [line]);
    else return;
    this.#characters += line.length;
  }

  line(segment: Segment, index: number): string {
    const line = (this.#held.get(segment) ?? this.#load(segment))[index];
    if (line === undefined) throw new Error(`Segment ${segment.number} has no line ${index}.`);
    return line;
  }

  drop(segment: Segment): void {
    this.release(segment);
    this.#uncommitted.delete(segment);
  }

  /** Lets go of a segment's lines; those that are stored can be read again. */
  release(segment: Segment): void {
    for (const line of this.#held.get(segment) ?? []) this.#characters -= line.length;
    this.#held.delete(segment);
  }

  /** The lines to store for this segment, as text. */
  takeUncommitted(segment: Segment): string {
    const lines = this.#uncommitted.get(segment);
    if (lines === undefined) return "";
    this.#uncommitted.delete(segment);
    return `${lines.join("\n")}\n`;
  }

  /** Lets go of what was loaded longest ago. To be called when everything is committed. */
  trim(charactersMax: number): void {
    for (const segment of this.#held.keys()) {
      if (this.#characters <= charactersMax) return;
      this.drop(segment);
    }
  }

  #load(segment: Segment): string[] {
    const uncommitted = this.#uncommitted.get(segment) ?? [];
    const stored = uncommitted.length < segment.count ? splitLines(this.#reader.lines(segment.slot)) : [];
    const lines = stored.concat(uncommitted);
    if (lines.length !== segment.count) {
      throw new DamagedRow(segment.slot, `its ${segment.count} messages have ${lines.length} lines`);
    }
    for (const line of lines) this.#characters += line.length;
    this.#held.set(segment, lines);
    return lines;
  }
}
