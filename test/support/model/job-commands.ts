import type { Command } from "../../../src/queue/base/commands.ts";
import type { AnnouncedTask } from "../../../src/queue/base/configuration.ts";
import type { ModelJob } from "./answers.ts";
import type { Both } from "./both.ts";
import { comparePages, type ModelFilter } from "./job-comparison.ts";
import { shortened, viewOf } from "./jobs.ts";
import { isHeld, someLeases } from "./leases.ts";
import type { ModelLease, ModelMessage } from "./message.ts";
import type { ModelQueue } from "./queue.ts";
import { randomCancel } from "./removals.ts";

/** Together three of them are more than the tasks of a queue may have. */
const LONG_SCHEMA = JSON.stringify({ title: "x".repeat(25_000) });

/** An id, and the message that has or had it. */
interface Asked {
  id: string;
  message: ModelMessage | undefined;
}

function jobOf(queue: ModelQueue, { id, message }: Asked): ModelJob {
  return { id, message, view: viewOf(queue, message) };
}

function hasEnded({ view }: ModelJob): boolean {
  return view.state === "unknown" || view.finishedAt !== undefined;
}

function result(queue: ModelQueue, requestId: number, asked: Asked, timeoutMs: number): void {
  const job = jobOf(queue, asked);
  const { view } = job;
  if (view.state === "unknown") {
    queue.answers.push({ requestId, verb: "refused", code: "unknown_message", isExpired: view.isExpired });
  } else if (hasEnded(job) || timeoutMs === 0 || asked.message === undefined) {
    queue.answers.push({ requestId, verb: "result", job });
  } else {
    queue.jobs.waits.push({ requestId, deadline: queue.now + timeoutMs, message: asked.message });
    queue.seen.push("wait for a job");
  }
}

function watch(queue: ModelQueue, requestId: number, subscriber: number, all: Asked[], hasEvents: boolean): void {
  const jobs = all.map((asked) => jobOf(queue, asked));
  for (const { message } of jobs.filter((job) => !hasEnded(job))) {
    if (message === undefined) continue;
    const known = queue.jobs.watches.find((other) => other.message === message && other.subscriber === subscriber);
    if (known === undefined) queue.jobs.watches.push({ subscriber, message, hasEvents });
    else known.hasEvents = hasEvents;
  }
  const told = jobs.map(({ view, ...job }) => ({ ...job, view: shortened(view) }));
  queue.answers.push({ requestId, verb: "watch", jobs: told });
}

function unwatch(queue: ModelQueue, requestId: number, subscriber: number, all: Asked[]): void {
  const isMeant = (watched: { subscriber: number; message: ModelMessage }) =>
    watched.subscriber === subscriber && all.some(({ message }) => message === watched.message);
  if (queue.jobs.watches.some(isMeant)) queue.seen.push("unwatched");
  queue.jobs.watches = queue.jobs.watches.filter((watched) => !isMeant(watched));
  queue.answers.push({ requestId, verb: "unwatch" });
}

function progress(queue: ModelQueue, requestId: number, lease: ModelLease | undefined, text: string): void {
  const isStale = lease === undefined || !isHeld(queue, lease);
  const isCancelled = isStale && viewOf(queue, lease?.message).state === "cancelled";
  if (!isStale) {
    lease.message.progress = text;
    queue.jobs.changed.add(lease.message);
    queue.seen.push("progress");
  }
  if (isCancelled) queue.seen.push("progress of a job that was cancelled");
  queue.answers.push({ requestId, verb: "progress", isStale, isCancelled });
}

function announce(queue: ModelQueue, requestId: number, announced: AnnouncedTask[]): void {
  queue.exists = true;
  const tasks = new Map(queue.jobs.tasks);
  for (const { name, input } of announced) tasks.set(name, input);
  const entries = [...tasks].map(([name, input]) => ({ name, input }));
  if (JSON.stringify(entries).length > 65_536) {
    queue.refuse([requestId], "too_large");
    return;
  }
  queue.jobs.tasks = tasks;
  queue.answers.push({ requestId, verb: "tasks", tasks: JSON.stringify(entries) });
}

function purge(queue: ModelQueue, requestId: number): void {
  queue.answers.push({ requestId, verb: "purge", purged: queue.jobs.valid(queue.now).length, areOutcomes: true });
  queue.jobs.forgetRecords();
}

/** A message that is here, one whose outcome is kept, one that is gone, or an id that the queue never gave. */
function someJob({ model, random }: Both): Asked {
  const { messages, jobs } = model;
  const chance = random.fraction();
  const pool = chance < 0.6 ? messages : chance < 0.8 ? jobs.kept : chance < 0.95 ? jobs.gone : [];
  const message = pool[random.integer(Math.max(1, pool.length))];
  if (message !== undefined && message.id !== "") return { id: message.id, message };
  const strange = random.pick(["", "nonsense", `0.${jobs.generation}-99999999-0`, "0.never-1-0"]);
  return { id: strange, message: undefined };
}

function randomResult(both: Both, requestId: number): void {
  const asked = someJob(both);
  const timeoutMs = both.waitMs();
  both.tell(requestId, { verb: "result", id: asked.id, timeoutMs }, () =>
    result(both.model, requestId, asked, timeoutMs),
  );
}

function randomWatch(both: Both, requestId: number): void {
  const subscriber = both.random.pick(both.subscribers);
  const all = Array.from({ length: 1 + both.random.integer(4) }, () => someJob(both));
  const ids = all.map(({ id }) => id);
  const events = both.random.chance(0.5);
  both.tell(requestId, { verb: "watch", subscriber, ids, events }, () =>
    watch(both.model, requestId, subscriber, all, events),
  );
}

function randomUnwatch(both: Both, requestId: number): void {
  const { watches } = both.model.jobs;
  const watched = watches[both.random.integer(Math.max(1, watches.length))];
  const subscriber = watched?.subscriber ?? both.random.pick(both.subscribers);
  const all = [someJob(both), ...(watched === undefined ? [] : [{ id: watched.message.id, message: watched.message }])];
  const ids = all.map(({ id }) => id);
  both.tell(requestId, { verb: "unwatch", subscriber, ids }, () => unwatch(both.model, requestId, subscriber, all));
}

function randomProgress(both: Both, requestId: number): void {
  const { leases, receipts } = someLeases(both);
  const ofCancelled = both.comparison.leases.findLast(({ lease }) => lease.message.outcome?.state === "cancelled");
  const { lease, receipt } = (both.random.chance(0.2) && ofCancelled) || { lease: leases[0], receipt: receipts[0] };
  const text = String(requestId);
  both.tell(requestId, { verb: "progress", receipt: receipt ?? "0.never-1-0-1", progress: text }, () =>
    progress(both.model, requestId, lease, text),
  );
}

function randomAnnounce(both: Both, requestId: number): void {
  const { random } = both;
  if (random.chance(0.7)) {
    const names = ["a", "b", "c", "d"].filter(() => random.chance(0.5));
    const inputs = [undefined, '{"type":"object"}', LONG_SCHEMA];
    const tasks = names.map((name) => ({ name, input: random.pick(inputs) }));
    both.tell(requestId, { verb: "announce", tasks }, () => announce(both.model, requestId, tasks));
    return;
  }
  both.tell(requestId, { verb: "tasks" }, () => {
    const tasks = [...both.model.jobs.tasks].map(([task, schema]) => ({ name: task, input: schema }));
    both.model.answers.push({ requestId, verb: "tasks", tasks: JSON.stringify(tasks) });
  });
}

function randomPages(both: Both): void {
  const { random, now } = both;
  const states = ["waiting", "delayed", "running", "done", "failed", "cancelled"] as const;
  const filter: ModelFilter = {
    state: random.chance(0.5) ? undefined : random.pick(states),
    task: random.pick([undefined, undefined, "a", "b", "never"]),
    since: random.pick([undefined, undefined, now - 10_000]),
    before: random.pick([undefined, undefined, now - 5_000, now + 1]),
  };
  comparePages(both, filter, random.pick([3, 20, 1_000]));
}

/** A command that has to do with jobs. */
export function randomJobCommand(both: Both, requestId: number): void {
  const operation = both.random.fraction();
  const jobs = both.model.messages.filter(({ rules }) => rules?.resultMs);
  if (operation < 0.28) randomResult(both, requestId);
  else if (operation < 0.55) randomWatch(both, requestId);
  else if (operation < 0.63) randomUnwatch(both, requestId);
  else if (operation < 0.82) randomProgress(both, requestId);
  else if (operation < 0.88) randomAnnounce(both, requestId);
  else if (operation < 0.93) randomCancel(both, requestId, jobs[both.random.integer(Math.max(1, jobs.length))]?.id);
  else if (operation < 0.985) randomPages(both);
  else {
    const command: Command = { verb: "purge", only: "finished" };
    both.tell(requestId, command, () => purge(both.model, requestId));
  }
}
