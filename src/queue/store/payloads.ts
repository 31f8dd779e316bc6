import type { MessageRules } from "../base/commands.ts";
import { DamagedRow } from "../base/damage.ts";
import { rulesOf } from "./payload-text.ts";
import { type RowReader, splitLines } from "./rows.ts";
import type { Segment } from "./segment.ts";

/** One commit batch may hold about so many times the characters that stay in memory after it. */
const READ_TIMES_KEPT = 2;

/** What a put added to a segment and is not stored yet. */
interface Uncommitted {
  payloads: string[];
  /** Empty where the messages are in no group. */
  groups: string[];
}

/**
 * The payloads in memory. Those that are stored can be dropped at any time and are read again when they are needed. Those
 * that were put or rewritten since the last commit are only here, with the groups of the messages that were put.
 */
export class Payloads {
  readonly #reader: RowReader;
  /** The segment that was loaded last is at the end. */
  readonly #held = new Map<Segment, string[]>();
  readonly #uncommitted = new Map<Segment, Uncommitted>();
  /** Segments of which stored payloads were rewritten since the last commit. All payloads of these are held. */
  readonly #rewritten = new Set<Segment>();
  #characters = 0;
  readonly #charactersMax: number;

  /** @param charactersMax how many stay in memory after a commit */
  constructor(reader: RowReader, charactersMax: number) {
    this.#reader = reader;
    this.#charactersMax = charactersMax;
  }

  /** Adds the payload of the message that was appended to a segment last. */
  add(segment: Segment, payload: string, group: string | undefined): void {
    let uncommitted = this.#uncommitted.get(segment);
    if (uncommitted === undefined) {
      uncommitted = { payloads: [], groups: [] };
      this.#uncommitted.set(segment, uncommitted);
    }
    uncommitted.payloads.push(payload);
    if (group !== undefined) uncommitted.groups.push(group);
    const held = this.#held.get(segment);
    if (held !== undefined) held.push(payload);
    else if (segment.count === 1) this.#held.set(segment, [payload]);
    else return;
    this.#characters += payload.length;
  }

  /** @throws {DamagedRow} if the segment's row has another number of payloads than the segment has messages */
  of(segment: Segment, index: number): string {
    const payload = (this.#held.get(segment) ?? this.#load(segment))[index];
    if (payload === undefined) throw new Error(`Segment ${segment.number} has no payload ${index}.`);
    return payload;
  }

  /**
   * The rules that a message has of its own, instead of the queue's settings. Undefined for one that died in another queue:
   * it must not be dropped here by a retention that it has already outlived. It has them again once it is sent on.
   */
  rulesOf(segment: Segment, index: number): MessageRules | undefined {
    const { ownRules, areDeadLetters } = segment;
    if (ownRules === undefined || areDeadLetters) return undefined;
    return ownRules.isMixed ? rulesOf(this.of(segment, index)) : ownRules;
  }

  /** Replaces the payload of a message. The next commit must store the segment. */
  rewrite(segment: Segment, index: number, payload: string): void {
    const before = this.of(segment, index);
    const held = this.#held.get(segment);
    if (held === undefined) return;
    held[index] = payload;
    this.#characters += payload.length - before.length;
    this.#rewritten.add(segment);
  }

  /** Drops a segment's payloads from memory, unless it has some that are not stored; else they can be read again. */
  release(segment: Segment): void {
    if (this.#rewritten.has(segment)) return;
    for (const payload of this.#held.get(segment) ?? []) this.#characters -= payload.length;
    this.#held.delete(segment);
  }

  /** Drops all payloads of a segment that has no messages any more. */
  drop(segment: Segment): void {
    this.#rewritten.delete(segment);
    this.release(segment);
    this.#uncommitted.delete(segment);
  }

  /** The payloads and groups to store for this segment, each ended by a line feed. */
  takeUncommitted(segment: Segment): { payloads: string; groups: string; keepsPayloads: boolean } {
    const uncommitted = this.#uncommitted.get(segment);
    const held = this.#rewritten.has(segment) ? this.#held.get(segment) : undefined;
    if (uncommitted === undefined && held === undefined) return NOTHING;
    this.#uncommitted.delete(segment);
    this.#rewritten.delete(segment);
    const { payloads, groups } = uncommitted ?? { payloads: [], groups: [] };
    return { payloads: linesOf(held ?? payloads), groups: linesOf(groups), keepsPayloads: held === undefined };
  }

  /** Drops the payloads that were loaded longest ago, until no more than may stay are left. Call it when all is committed. */
  trim(): void {
    for (const segment of this.#held.keys()) {
      if (this.#characters <= this.#charactersMax) return;
      this.drop(segment);
    }
  }

  /** Drops payloads that can be read again, while one commit batch reads those of many segments. */
  #releaseOldest(): void {
    for (const segment of this.#held.keys()) {
      if (this.#characters <= this.#charactersMax) return;
      this.release(segment);
    }
  }

  #load(segment: Segment): string[] {
    const uncommitted = this.#uncommitted.get(segment)?.payloads ?? [];
    const stored = uncommitted.length < segment.count ? splitLines(this.#reader.payloads(segment.slot)) : [];
    const payloads = stored.concat(uncommitted);
    if (payloads.length !== segment.count) {
      throw new DamagedRow(segment.slot, `its ${segment.count} messages have ${payloads.length} payloads`);
    }
    if (this.#characters > READ_TIMES_KEPT * this.#charactersMax) this.#releaseOldest();
    for (const payload of payloads) this.#characters += payload.length;
    this.#held.set(segment, payloads);
    return payloads;
  }
}

const NOTHING = { payloads: "", groups: "", keepsPayloads: true };

/** Texts, each ended by a line feed. */
function linesOf(texts: readonly string[]): string {
  return texts.length === 0 ? "" : `${texts.join("\n")}\n`;
}
