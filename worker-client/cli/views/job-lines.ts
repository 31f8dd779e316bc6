/** Jobs as results: lines of JSON, and columns of tables. */
import type { JobStatus } from "../../src/index.ts";
import { shownAge, shownSeconds } from "../base/durations.ts";
import type { Output } from "../base/output.ts";
import type { Column } from "../base/table.ts";
import { shownText } from "../base/text.ts";

/** The columns of a list of jobs. */
export const JOB_COLUMNS: readonly Column<JobStatus>[] = [
  { title: "ID", cell: ({ id }) => id },
  { title: "STATE", cell: stateCell },
  { title: "TASK", cell: ({ task }) => task ?? "-" },
  { title: "TRIES", cell: ({ attempts }) => attempts, isNumber: true },
  { title: "WHEN", cell: ({ finishedAt, putAt }) => `${shownAge(finishedAt ?? putAt)} ago` },
  { title: "OUTCOME", cell: outcomeCell, isLong: true },
];

/** A job for people: a line for each thing that is known of it, the error last, with its stack in full. */
export async function showJob(output: Output, { error, ...job }: JobStatus): Promise<void> {
  const pairs = Object.entries({ ...job, ...(error === undefined ? {} : { error: errorText(error) }) });
  for (const [name, value] of pairs) {
    if (value !== undefined) await output.line(`  ${name.padEnd(14)}${shownText(plain(name, value))}`);
  }
  for (const line of error?.stack?.split("\n") ?? []) await output.line(`  ${"".padEnd(14)}${shownText(line)}`);
}

function plain(name: string, value: unknown): string {
  if (value instanceof Date) return `${value.toISOString()}${distance(name, value)}`;
  return name !== "result" && typeof value === "string" ? value : JSON.stringify(value);
}

/** How far a time is from now, by the clock of this machine. */
function distance(name: string, date: Date): string {
  const seconds = (date.getTime() - Date.now()) / 1_000;
  if (seconds > 0) return `, in ${shownSeconds(seconds)}`;
  return name === "expiresAt" ? "" : `, ${shownSeconds(-seconds)} ago`;
}

function errorText({ name, message }: NonNullable<JobStatus["error"]>): string {
  return message === "" ? name : `${name}: ${message}`;
}

/** The state, and until when a delayed job is delayed. */
function stateCell({ state, visibleAt }: JobStatus): string {
  const seconds = visibleAt === undefined ? 0 : (visibleAt.getTime() - Date.now()) / 1_000;
  return state === "delayed" && seconds > 0 ? `${state} ${shownSeconds(seconds)}` : state;
}

function outcomeCell({ state, result, error, reason, progress }: JobStatus): string {
  if (error !== undefined) return errorText(error);
  if (state === "done") return result === undefined ? "…" : JSON.stringify(result);
  if (reason !== undefined) return reason;
  return progress === undefined ? "" : JSON.stringify(progress);
}
