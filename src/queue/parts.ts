import { Administration } from "./administration.ts";
import type { QueueState } from "./base/queue-state.ts";
import { idPrefix } from "./base/receipt.ts";
import { MessageChanger } from "./changes.ts";
import { Dispatcher } from "./dispatcher.ts";
import { Dones } from "./dones.ts";
import { InboundTransfers } from "./inbound-transfers.ts";
import { JobViewer } from "./jobs/job-viewer.ts";
import { JobWatches } from "./jobs/job-watches.ts";
import { Jobs } from "./jobs/jobs.ts";
import { Outcomes } from "./jobs/outcomes.ts";
import { Joins } from "./joins.ts";
import { Leases } from "./leases.ts";
import type { LostLeases } from "./lost-leases.ts";
import { OutboundTransfers } from "./outbound-transfers.ts";
import { Puts } from "./puts.ts";
import type { Receivers } from "./receivers.ts";
import { Receives } from "./receives.ts";
import { DeadLetters, Redrives } from "./redrives.ts";
import { Removals } from "./removals.ts";
import { Retention } from "./retention.ts";
import { Backlog } from "./schedule/backlog.ts";
import { isAlive } from "./store/attempts.ts";
import { FREE_ROWS_MAX } from "./store/free-rows.ts";
import { IdempotencyKeys } from "./store/idempotency-keys.ts";
import { JobRows } from "./store/job-rows.ts";
import { Ledger } from "./store/ledger.ts";
import { Payloads } from "./store/payloads.ts";
import { RowTable } from "./store/row-table.ts";
import type { RowReader, StoredQueue } from "./store/rows.ts";
import { Viewer } from "./viewer.ts";
import type { Results } from "./waiting/results.ts";
import type { Waits } from "./waiting/waits.ts";

/** What of stored messages stays in memory: what was used last. */
export interface Memory {
  /** Segments whose state is kept: 3 KB each at most. */
  segments: number;
  /** Characters of payloads. */
  characters: number;
  /** Free rows, in storage too: what a waking reads for nothing. At least 1. */
  freeRows: number;
}

/** A Durable Object shares 128 MB with its neighbours. */
export const DEFAULT_MEMORY: Memory = { segments: 1_024, characters: 4 * 1024 * 1024, freeRows: FREE_ROWS_MAX };

/** What outlives the deletion of a queue: receivers wait for the next queue of the same name. */
export interface Lasting {
  /** Which part of the queue this is. */
  readonly partition: number;
  readonly state: QueueState;
  readonly results: Results;
  readonly waits: Waits;
  readonly receivers: Receivers;
  readonly lost: LostLeases;
}

/** Where messages are when they are not in memory. */
export interface Storage {
  readonly reader: RowReader;
  readonly memory: Memory;
}

/** The parts of one generation of a queue. Each is given the parts that it needs; only the verbs see all of them. */
export interface Parts {
  readonly backlog: Backlog;
  readonly ledger: Ledger;
  readonly rows: RowTable;
  readonly jobRows: JobRows;
  readonly viewer: Viewer;
  readonly retention: Retention;
  readonly leases: Leases;
  readonly puts: Puts;
  readonly receives: Receives;
  readonly joins: Joins;
  readonly jobs: Jobs;
  readonly dones: Dones;
  readonly changer: MessageChanger;
  readonly removals: Removals;
  readonly redrives: Redrives;
  readonly inboundTransfers: InboundTransfers;
  readonly outboundTransfers: OutboundTransfers;
  readonly payloads: Payloads;
  readonly memory: Memory;
  readonly dispatcher: Dispatcher;
  readonly administration: Administration;
}

/**
 * Puts together a generation of a queue.
 *
 * @param stored undefined for a queue of which nothing is stored
 * @throws {DamagedRow} if what is stored is damaged
 */
export function assemble(generation: string, lasting: Lasting, storage: Storage, stored?: StoredQueue): Parts {
  const { partition, state, lost, ...others } = lasting;
  const { reader, memory } = storage;
  const { configuration } = state;
  const prefix = idPrefix(partition, generation);
  const ledger = new Ledger(stored?.totals);
  const payloads = new Payloads(reader, memory.characters);
  const keys = new IdempotencyKeys(reader);
  const rows = new RowTable(payloads, keys, memory.freeRows);
  const jobRows = new JobRows(reader, ledger);
  const backlog = new Backlog(configuration, ledger, reader, rows);
  const viewer = new Viewer(prefix, backlog, payloads);
  const watches = new JobWatches(prefix, lasting.waits, lasting.results);
  const outcomes = new Outcomes(state, { backlog, payloads, jobRows, watches });
  const retention = new Retention(configuration, { backlog, payloads, outcomes });
  const leases = new Leases(prefix, state, lost, { backlog, payloads, ledger, retention, outcomes });
  const jobViewer = new JobViewer(prefix, { backlog, payloads, jobRows, watches });
  const jobs = new Jobs(jobViewer, watches, lasting.waits);
  const sending = { backlog, payloads, ledger, outcomes };
  const outboundTransfers = new OutboundTransfers({ generation, idPrefix: prefix }, sending);
  const deadLetters = new DeadLetters(backlog, payloads, { viewer, transfers: outboundTransfers });
  const puts = new Puts(prefix, state, { backlog, payloads, keys, ledger }, lasting);
  const inboundTransfers = new InboundTransfers(state, reader, { totals: ledger.totals, puts });
  const receives = new Receives(state, { ledger, leases }, lasting);
  const joins = new Joins(ledger, lasting.waits, lasting.results);
  const removals = new Removals(backlog, { ledger, rows, jobRows, outcomes, leases, puts, viewer });
  const served = { backlog, retention, receives, puts, joins, jobs, removals };
  const dispatcher = new Dispatcher(state, { ...others, ...served });
  backlog.changed = (segment, index) => watches.changed(segment, index);
  // Only now, because retention watches which segments become visible.
  keys.isAlive = (place) => {
    const found = backlog.moved.find(place);
    return found !== undefined && isAlive(found);
  };
  keys.restoredAt = stored?.totals.time ?? 0;
  restore(stored, { backlog, rows, jobRows, ledger });
  const parts = { ...served, ledger, rows, jobRows, viewer, leases, inboundTransfers, outboundTransfers, dispatcher };
  return {
    ...parts,
    payloads,
    memory,
    changer: new MessageChanger(state, { backlog, rows, payloads, leases, retention, viewer }),
    dones: new Dones(state, ledger, { keys, rows }),
    redrives: new Redrives({ deadLetters, outboundTransfers }, lasting),
    administration: new Administration(state, parts),
  };
}

function restore(stored: StoredQueue | undefined, to: Pick<Parts, "backlog" | "rows" | "jobRows" | "ledger">): void {
  const { backlog, rows, jobRows, ledger } = to;
  for (const row of stored?.segments ?? []) {
    rows.restore(row);
    if (row.number !== 0) backlog.restore(row);
  }
  backlog.restoreOthers();
  if (stored !== undefined) jobRows.restore(stored.jobRows, stored.totals.time);
  ledger.assertBalance(jobRows.count);
}
