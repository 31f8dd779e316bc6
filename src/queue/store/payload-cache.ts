import { DamagedRow } from "../base/damage.ts";
import { type RowReader, splitLines } from "./rows.ts";
import type { Block } from "./segment.ts";

/**
 * The lines that are in memory: a window on the queue, never the truth.
 *
 * A line is what of a message never changes. Lines that were put but not committed yet are only here.
 */
export class LineWindow {
  readonly #reader: RowReader;
  readonly #held = new Map<Block, string[]>();
  readonly #uncommitted = new Map<Block, string[]>();
  #characters = 0;

  constructor(reader: RowReader) {
    this.#reader = reader;
  }

  add(block: Block, line: string): void {
    const uncommitted = this.#uncommitted.get(block);
    if (uncommitted === undefined) this.#uncommitted.set(block, [line]);
    else uncommitted.push(line);
    const held = this.#held.get(block);
    if (held !== undefined) held.push(line);
    else if (block.count === 1) this.#held.set(block, [line]);
    else return;
    this.#characters += line.length;
  }

  line(block: Block, index: number): string {
    const line = (this.#held.get(block) ?? this.#load(block))[index];
    if (line === undefined) throw new Error(`Block ${block.number} has no line ${index}.`);
    return line;
  }

  drop(block: Block): void {
    this.release(block);
    this.#uncommitted.delete(block);
  }

  /** Lets go of a block's lines; those that are stored can be read again. */
  release(block: Block): void {
    for (const line of this.#held.get(block) ?? []) this.#characters -= line.length;
    this.#held.delete(block);
  }

  /** The lines to store for this block, as text. */
  takeUncommitted(block: Block): string {
    const lines = this.#uncommitted.get(block);
    if (lines === undefined) return "";
    this.#uncommitted.delete(block);
    return `${lines.join("\n")}\n`;
  }

  /** Lets go of what was loaded longest ago. To be called when everything is committed. */
  trim(charactersMax: number): void {
    for (const block of this.#held.keys()) {
      if (this.#characters <= charactersMax) return;
      this.drop(block);
    }
  }

  #load(block: Block): string[] {
    const uncommitted = this.#uncommitted.get(block) ?? [];
    const stored = uncommitted.length < block.count ? splitLines(this.#reader.lines(block.slot)) : [];
    const lines = stored.concat(uncommitted);
    if (lines.length !== block.count) {
      throw new DamagedRow(block.slot, `its ${block.count} messages have ${lines.length} lines`);
    }
    for (const line of lines) this.#characters += line.length;
    this.#held.set(block, lines);
    return lines;
  }
}
