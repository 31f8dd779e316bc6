import { DamagedRow } from "../base/damage.ts";
import { type RowReader, splitLines } from "./rows.ts";
import type { Segment } from "./segment.ts";

/**
 * The payloads that are in memory: a window on the queue, never the truth.
 *
 * A payload is what of a message never changes. Payloads that were put but not committed yet are only here.
 */
export class PayloadCache {
  readonly #reader: RowReader;
  readonly #held = new Map<Segment, string[]>();
  readonly #uncommitted = new Map<Segment, string[]>();
  #characters = 0;

  constructor(reader: RowReader) {
    this.#reader = reader;
  }

  add(segment: Segment, payload: string): void {
    const uncommitted = this.#uncommitted.get(segment);
    if (uncommitted === undefined) this.#uncommitted.set(segment, [payload]);
    else uncommitted.push(payload);
    const held = this.#held.get(segment);
    if (held !== undefined) held.push(payload);
    else if (segment.count === 1) this.#held.set(segment, [payload]);
    else return;
    this.#characters += payload.length;
  }

  of(segment: Segment, index: number): string {
    const payload = (this.#held.get(segment) ?? this.#load(segment))[index];
    if (payload === undefined) throw new Error(`Segment ${segment.number} has no payload ${index}.`);
    return payload;
  }

  drop(segment: Segment): void {
    this.release(segment);
    this.#uncommitted.delete(segment);
  }

  /** Lets go of a segment's payloads; those that are stored can be read again. */
  release(segment: Segment): void {
    for (const payload of this.#held.get(segment) ?? []) this.#characters -= payload.length;
    this.#held.delete(segment);
  }

  /** The payloads to store for this segment, as text. */
  takeUncommitted(segment: Segment): string {
    const payloads = this.#uncommitted.get(segment);
    if (payloads === undefined) return "";
    this.#uncommitted.delete(segment);
    return `${payloads.join("\n")}\n`;
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
    const stored = uncommitted.length < segment.count ? splitLines(this.#reader.payloads(segment.slot)) : [];
    const payloads = stored.concat(uncommitted);
    if (payloads.length !== segment.count) {
      throw new DamagedRow(segment.slot, `its ${segment.count} messages have ${payloads.length} payloads`);
    }
    for (const payload of payloads) this.#characters += payload.length;
    this.#held.set(segment, payloads);
    return payloads;
  }
}
