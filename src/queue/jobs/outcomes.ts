import { OUTCOMES_BYTES_MAX, OUTCOMES_BYTES_MAX_IF_FULL } from "../../contract/limits.ts";
import type { DeathReason } from "../../contract/states.ts";
import type { JobError } from "../base/commands.ts";
import { errorOf } from "../base/job-errors.ts";
import type { QueueState } from "../base/queue-state.ts";
import type { Backlog, PlacedMessage } from "../schedule/backlog.ts";
import { attemptsOf } from "../store/attempts.ts";
import type { JobRecord } from "../store/job-records.ts";
import type { JobRows } from "../store/job-rows.ts";
import { taskAndPutAtOf } from "../store/payload-text.ts";
import type { Payloads } from "../store/payloads.ts";
import type { State } from "../store/states.ts";
import type { JobWatches } from "./job-watches.ts";

/** What becomes of a job. */
type Ending = Pick<JobRecord, "state"> & Partial<Pick<JobRecord, "result" | "error" | "reason">>;

/** Why an attempt was the last. */
export interface Failure {
  reason: DeathReason;
  error?: JobError | string | undefined;
}

/** What outcomes are made of. */
interface OutcomeParts {
  backlog: Backlog;
  payloads: Payloads;
  jobRows: JobRows;
  watches: JobWatches;
}

/**
 * Keeps the outcomes of messages that are jobs, and tells those who watch for any message how it ended. Each method is called
 * before its message is removed, or is dead.
 */
export class Outcomes {
  readonly #state: QueueState;
  readonly #backlog: Backlog;
  readonly #payloads: Payloads;
  readonly #jobRows: JobRows;
  readonly #watches: JobWatches;

  constructor(state: QueueState, { backlog, payloads, jobRows, watches }: OutcomeParts) {
    this.#state = state;
    this.#backlog = backlog;
    this.#payloads = payloads;
    this.#jobRows = jobRows;
    this.#watches = watches;
  }

  /** @param result as JSON text; undefined if none was given, so that only a job has one, which is null */
  done(place: PlacedMessage, result: string | undefined, now: number): void {
    const { resultMs } = this.#state.configuration;
    const keptMs = this.#keptMs(place) ?? (result === undefined ? 0 : resultMs);
    this.#end(place, { state: "done", result: result ?? "null" }, keptMs, now);
  }

  /** The message is dead, or has expired and is removed. */
  failed(place: PlacedMessage, { reason, error }: Failure, now: number): void {
    const attempts = attemptsOf(place.segment, place.index);
    const ending = { state: "failed", error: errorOf(error, reason, attempts), reason } as const;
    this.#end(place, ending, this.#keptMs(place) ?? 0, now);
  }

  cancelled(place: PlacedMessage, now: number): void {
    const error = { name: "Cancelled", message: "The job was cancelled." };
    this.#end(place, { state: "cancelled", error }, this.#keptMs(place) ?? 0, now);
  }

  /** The message is in another queue, under another id. If it is dead, nothing waits for it here. */
  transferred({ segment, index }: PlacedMessage): void {
    this.#watches.gone(segment.originOf(index));
  }

  /** Messages in these states are about to be removed at once: no outcomes are kept, but those who watch are told. */
  removing(isMeant: (state: State) => boolean, now: number): void {
    for (const id of this.#watches.ids) {
      const place = this.#watches.placeOf(id);
      const found = place && this.#backlog.moved.find(place);
      if (found === undefined || !isMeant(found.segment.stateOf(found.index))) continue;
      const error = { name: "Removed", message: "The job was removed with others before it had ended." };
      this.#end(found, { state: "cancelled", error }, 0, now);
    }
  }

  /** For how long the outcome of a message is kept, by a rule of its own. For speed: most queues have no jobs. */
  #keptMs({ segment, index }: PlacedMessage): number | undefined {
    return segment.ownRules === undefined ? undefined : this.#payloads.rulesOf(segment, index)?.resultMs;
  }

  #end(at: PlacedMessage, ending: Ending, keptMs: number, now: number): void {
    const isWatched = this.#watches.isWatched(at);
    const { segment, index } = at;
    const place = segment.originOf(index);
    if (keptMs === 0 && !isWatched) {
      this.#watches.forgetProgress(place);
      return;
    }
    const payload = this.#payloads.of(segment, index);
    const record: JobRecord = {
      place,
      ...ending,
      ...taskAndPutAtOf(payload),
      // A handler whose begin was not reported has begun all the same.
      attempts: attemptsOf(segment, index) + Number(ending.state === "done" && segment.isUnbegun(index)),
      finishedAt: now,
      until: now + keptMs,
    };
    const bytesMax = this.#state.isStorageFull ? OUTCOMES_BYTES_MAX_IF_FULL : OUTCOMES_BYTES_MAX;
    if (keptMs > 0) this.#jobRows.add(record, bytesMax);
    if (isWatched) this.#watches.ended(record);
    else this.#watches.forgetProgress(record.place);
  }
}
