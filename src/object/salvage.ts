import { LIST_BYTES_MAX } from "../contract/limits.ts";
import type { MessageState } from "../contract/states.ts";
import { utf8Bytes } from "../queue/base/bytes.ts";
import type { Result, View } from "../queue/base/commands.ts";
import { DamagedRow } from "../queue/base/damage.ts";
import { formatId, idPrefix } from "../queue/base/receipt.ts";
import { Notes } from "../queue/store/notes.ts";
import { splitLines } from "../queue/store/rows.ts";
import { States } from "../queue/store/segment-states.ts";
import { GONE, NAME_OF, type State, VISIBLE } from "../queue/store/states.ts";
import { storedNames, type TableNames } from "./migrations.ts";

/** Bounds the rows that one page reads, and so the time of one call. */
const PAGE_ROWS_MAX = 1_000;

/** After so many consecutive rows that cannot even be found, the rest of the table is given up. */
const LOST_ROWS_MAX = 64;

type Row = Record<string, SqlStorageValue>;

/** Whether an error says that stored data is damaged: one of the decoders, or of the storage engine. */
export function isDamage(error: unknown): boolean {
  return error instanceof DamagedRow || (error instanceof Error && /SQLITE_(CORRUPT|NOTADB)/.test(error.message));
}

/** The message of an error, as a part of a sentence. */
export function faultOf(error: unknown): string {
  const sentence = error instanceof Error ? error.message : String(error);
  return sentence.replace(/\.$/, "").slice(0, 300);
}

/** A request for a page of messages. */
export interface PageRequest {
  state?: MessageState | undefined;
  /** The cursor of the page before; empty for the first page. */
  cursor: string;
  limit: number;
}

/**
 * Lists the messages of a queue whose stored state is damaged, in the order of their rows, one row at a time. What does not
 * decode is left out and counted. Tables of each older version are read as they are, because data that cannot be migrated is
 * damaged too. Nothing is written. States are shown as they were stored, whatever has become due since.
 */
export class Salvage {
  readonly #sql: SqlStorage;
  readonly #partition: number;

  /** @param partition which part of the queue is in this database */
  constructor(sql: SqlStorage, partition = 0) {
    this.#sql = sql;
    this.#partition = partition;
  }

  /** The generation of the queue; undefined if it cannot be read. */
  generation(): string | undefined {
    try {
      const column = storedNames(this.#sql).generation;
      const [row] = this.#sql.exec<Row>(`SELECT ${column} AS generation FROM queue`).toArray();
      const generation = row?.generation;
      return typeof generation === "string" ? generation : undefined;
    } catch {
      return undefined;
    }
  }

  /** One page, bounded by the request's limit, by bytes and by rows. */
  page({ state, cursor, limit }: PageRequest): Extract<Result, { verb: "messages" }> {
    const prefix = idPrefix(this.#partition, this.generation() ?? "damaged");
    const names = storedNames(this.#sql);
    const views: View[] = [];
    let { slot, index } = placeOf(cursor);
    let damagedRows = 0;
    let bytes = 0;
    let lost = 0;
    for (let rows = 0; ; rows += 1) {
      const next = this.#slotFrom(names, slot);
      if (next === null) return { verb: "messages", views, bytes, cursor: null, damagedRows };
      if (next !== slot) index = 0;
      if (rows === PAGE_ROWS_MAX)
        return { verb: "messages", views, bytes, cursor: `${next ?? slot}-${index}`, damagedRows };
      if (next === undefined) {
        // The page of the file that holds this row cannot be read. The next rows may be on another page.
        damagedRows += 1;
        lost += 1;
        slot += 1;
        if (lost === LOST_ROWS_MAX) return { verb: "messages", views, bytes, cursor: null, damagedRows };
        continue;
      }
      lost = 0;
      const { messages, isWhole } = this.#messagesOf(names, next, prefix);
      for (const { view, at } of messages) {
        if (at < index || (state !== undefined && view.state !== state)) continue;
        if (views.length === limit || bytes >= LIST_BYTES_MAX) {
          return { verb: "messages", views, bytes, cursor: `${next}-${at}`, damagedRows };
        }
        views.push(view);
        bytes += utf8Bytes(view.payload);
      }
      if (!isWhole) damagedRows += 1;
      slot = next + 1;
      index = 0;
    }
  }

  /** The first row from this one on; null if there is none, undefined if the table cannot be read there. */
  #slotFrom({ segments }: TableNames, slot: number): number | null | undefined {
    try {
      const [row] = this.#sql
        .exec<{ slot: number }>(`SELECT slot FROM ${segments} WHERE slot >= ? ORDER BY slot LIMIT 1`, slot)
        .toArray();
      return row?.slot ?? null;
    } catch (error) {
      if (error instanceof Error && error.message.includes("no such table")) return null;
      return undefined;
    }
  }

  /** The messages of a row that can be read, and whether these are all. */
  #messagesOf(
    names: TableNames,
    slot: number,
    prefix: string,
  ): { messages: { view: View; at: number }[]; isWhole: boolean } {
    const messages: { view: View; at: number }[] = [];
    let isWhole = true;
    try {
      const row = this.#sql.exec<Row>(`SELECT * FROM ${names.segments} WHERE slot = ?`, slot).one();
      if (row.number === 0) return { messages, isWhole };
      const readable = readableOf(slot, row);
      const payloads = splitLines(textIn(row, names.payloads));
      const groups = splitLines(textIn(row, "groups"));
      isWhole = payloads.length === readable.count;
      for (const [at, payload] of payloads.entries()) {
        try {
          const view = viewOf(readable, at, payload, groups[at], prefix);
          if (view !== undefined) messages.push({ view, at });
        } catch {
          isWhole = false;
        }
      }
    } catch {
      isWhole = false;
    }
    return { messages, isWhole };
  }
}

/** What of a row describes its messages. Its summary is ignored. */
interface Readable {
  number: number;
  count: number;
  /** Undefined if all messages are as they were put. */
  states: States | undefined;
  notes: Notes | undefined;
}

/** Decodes the state as a whole: one that cannot be decoded says nothing about any of its messages. */
function readableOf(slot: number, row: Row): Readable {
  const { state, notes } = row;
  const count = numberIn(row, "count");
  const isText = notes === null || typeof notes === "string";
  if (!isText || !(state === null || state instanceof ArrayBuffer)) throw new Error("The state has another type.");
  return {
    number: numberIn(row, "number"),
    count,
    states: state === null ? undefined : States.decode(slot, new Uint8Array(state), count),
    notes: notes === null ? undefined : Notes.decode(slot, notes, count),
  };
}

function numberIn(row: Row, column: string): number {
  const value = row[column];
  if (!Number.isSafeInteger(value)) throw new Error(`The column ${column} holds no number.`);
  return value as number;
}

function textIn(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw new Error(`The column ${column} holds no text.`);
  return value;
}

/** Undefined for a message that is gone. Throws if a part of it does not decode. */
function viewOf(
  { number, states, notes }: Readable,
  index: number,
  payload: string,
  group: string | undefined,
  prefix: string,
): View | undefined {
  const code = (states?.state[index] ?? VISIBLE) as State;
  if (code === GONE) return undefined;
  const state = NAME_OF[code];
  const content: unknown = JSON.parse(payload);
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    throw new Error("The message does not decode.");
  }
  const { error, reason = "max_attempts", unbegun = 0, origin } = notes?.get(index) ?? {};
  const [segmentNumber, originalIndex] = origin ?? [number, index];
  const uncounted = unbegun + Number(states?.isUnbegun(index) ?? false);
  const isTimed = state !== "visible" && state !== "transferring";
  return {
    id: formatId(prefix, { segmentNumber, index: originalIndex }),
    state,
    attempts: (states?.deliveriesOf(index) ?? 0) - uncounted,
    ...(isTimed ? { until: states?.visibleAt[index] ?? 0 } : {}),
    group,
    lastError: error,
    ...(state === "dead" ? { reason } : {}),
    payload,
  };
}

/** Where a page begins. An invalid cursor begins at the first row. */
function placeOf(cursor: string): { slot: number; index: number } {
  const [, slot = "0", index = "0"] = /^([0-9]{1,15})-([0-9]{1,6})$/.exec(cursor) ?? [];
  return { slot: Number(slot), index: Number(index) };
}
