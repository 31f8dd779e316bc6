import { TASKS_BYTES_MAX, TASKS_MAX } from "../contract/limits.ts";
import { ENDINGS, type Ending } from "../contract/states.ts";
import { utf8Bytes } from "./base/bytes.ts";
import type { Description, Result } from "./base/commands.ts";
import {
  type AnnouncedTask,
  type Changes,
  type Configuration,
  changed,
  type Paused,
  type PushFault,
} from "./base/configuration.ts";
import type { QueueState } from "./base/queue-state.ts";
import { noWebhookUrl, orderConflict, shutDown, tooManyTasks } from "./base/refusals.ts";
import { changedWebhook, type WebhookChange } from "./base/webhook.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Leases } from "./leases.ts";
import type { OutboundTransfers } from "./outbound-transfers.ts";
import type { Puts } from "./puts.ts";
import type { Retention } from "./retention.ts";
import type { Backlog } from "./schedule/backlog.ts";
import type { JobRows } from "./store/job-rows.ts";
import type { Ledger } from "./store/ledger.ts";
import type { RowTable } from "./store/row-table.ts";
import { sumOf } from "./store/states.ts";
import type { Viewer } from "./viewer.ts";

/** What a change of the configuration concerns. */
interface AdministrationParts {
  backlog: Backlog;
  ledger: Ledger;
  viewer: Viewer;
  retention: Retention;
  leases: Leases;
  puts: Puts;
  outboundTransfers: OutboundTransfers;
  rows: RowTable;
  jobRows: JobRows;
  dispatcher: Dispatcher;
}

/** Configures, pauses and shuts down the queue. Each of these answers with what the queue is then. */
export class Administration {
  readonly #state: QueueState;
  readonly #parts: AdministrationParts;

  constructor(state: QueueState, parts: AdministrationParts) {
    this.#state = state;
    this.#parts = parts;
  }

  describe(now: number): { verb: "describe"; description: Description } {
    return { verb: "describe", description: this.#description(now) };
  }

  /** @param push undefined if the webhook is not to be changed */
  configure(changes: Changes, push: WebhookChange | null | undefined, now: number): Result {
    const { configuration } = this.#state;
    const asked = push && changedWebhook(configuration.push, push);
    if (push && asked === undefined) return noWebhookUrl();
    const webhook = push === null ? null : asked?.webhook;
    // What is configured anew is tried anew.
    const pushed = webhook === undefined ? {} : { push: webhook, pushFault: null };
    const next = changed(configuration, { ...changes, ...pushed });
    const { ledger, outboundTransfers, rows, puts } = this.#parts;
    const isEmpty = sumOf(ledger.counts) === 0;
    if (next.order !== configuration.order && !isEmpty) return orderConflict(configuration.order);
    this.#change(next);
    if (changes.deadLetterQueue !== undefined && outboundTransfers.clearBackoff()) rows.includeTotals();
    if (next.maxSize > 0) puts.refuseLargerThan(next.maxSize);
    return { ...this.#describe("configure", now), newSecret: asked?.newSecret };
  }

  /** Adds tasks to those that are known. Nothing is stored if they are known already. */
  announce(announced: readonly AnnouncedTask[]): Result {
    const byName = new Map(this.#state.configuration.tasks.map((task) => [task.name, task]));
    for (const task of announced) byName.set(task.name, task);
    const tasks = [...byName.values()];
    if (tasks.length > TASKS_MAX || utf8Bytes(JSON.stringify(tasks)) > TASKS_BYTES_MAX) {
      return tooManyTasks(TASKS_BYTES_MAX, TASKS_MAX);
    }
    this.#change(changed(this.#state.configuration, { tasks }));
    return { verb: "announce", tasks };
  }

  /** The tasks that workers have announced. */
  tasks(): Result {
    return { verb: "tasks", tasks: [...this.#state.configuration.tasks] };
  }

  notePushFault(pushFault: PushFault | null): Result {
    this.#change(changed(this.#state.configuration, { pushFault }));
    return { verb: "note_push_fault" };
  }

  pause(paused: Partial<Paused>, now: number): Result {
    this.#change(changed(this.#state.configuration, { paused }));
    if (paused.receives === true) this.#parts.leases.takeBack(now);
    return this.#describe("pause", now);
  }

  /** As in Python 3.13. What is discarded counts as finished, so that `join` need not wait for it. */
  shutDown(immediate: boolean, now: number): Result {
    const { configuration } = this.#state;
    const isImmediate = immediate || configuration.shutdown === "immediate";
    this.#change(changed(configuration, { shutdown: isImmediate ? "immediate" : "draining" }));
    this.#parts.puts.refuseBlocked(shutDown());
    return this.#describe("shutdown", now);
  }

  #describe<Verb extends "configure" | "pause" | "shutdown">(
    verb: Verb,
    now: number,
  ): { verb: Verb; description: Description } {
    this.#parts.dispatcher.serve(now);
    return { verb, description: this.#description(now) };
  }

  #description(now: number): Description {
    const { ledger, viewer, jobRows } = this.#parts;
    const counts = describe(this.#state.configuration, ledger, viewer.oldestPutAt() ?? now, now);
    return { ...counts, outcomes: jobRows.count };
  }

  #change(configuration: Configuration): void {
    this.#state.exists = true;
    this.#state.configuration = configuration;
    const { backlog, retention } = this.#parts;
    backlog.setOrder(configuration.order);
    backlog.groups.maxLeased = configuration.maxLeasedPerGroup;
    retention.rules = configuration;
  }
}

/**
 * What there is to say of a queue: its configuration, where its messages are, what has happened since it was created.
 *
 * @param oldestPutAt when the oldest message was put, in milliseconds; `now` if there is none
 */
function describe(
  configuration: Configuration,
  { counts, totals }: Ledger,
  oldestPutAt: number,
  now: number,
): Omit<Description, "outcomes"> {
  const { unfinished, accepted } = totals;
  const endings = Object.fromEntries(ENDINGS.map((name) => [name, totals[name]])) as Record<Ending, number>;
  const oldestMs = Math.max(0, now - oldestPutAt);
  return { ...configuration, ...counts, unfinished, accepted, ...endings, oldestMs };
}
