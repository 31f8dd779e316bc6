import type { Command, Result } from "./base/commands.ts";
import { unknownMessage } from "./base/refusals.ts";
import type { Parts } from "./parts.ts";

/** The parts of a queue, and what only the queue itself can do. */
export interface Context extends Parts {
  readonly generation: string;
  /** Deletes the queue. */
  delete(nextGeneration: string): void;
}

/** Applies a command of one verb. Undefined where the answer comes later, or has been given. */
export type Apply<Verb extends Command["verb"]> = (
  queue: Context,
  command: Extract<Command, { verb: Verb }>,
  now: number,
  requestId: number,
) => Result | undefined;

/** What each verb does. */
export const VERBS: { readonly [Verb in Command["verb"]]: Apply<Verb> } = {
  put: ({ puts }, command, now, requestId) => puts.put(requestId, command, now),
  receive: ({ receives }, command, now, requestId) => receives.receive(requestId, command, now),
  subscribe: ({ receives }, command, now) => receives.subscribe(command, now),
  unsubscribe: ({ receives }, { subscriber }) => receives.unsubscribe(subscriber),
  begin: ({ leases }, { receipts }, now) => ({ verb: "begin", stale: leases.begin(receipts, now) }),
  ack: ({ leases }, command, now) => {
    const stale = leases.ack(command, now);
    return { verb: "ack", acked: command.receipts.length - stale.length, stale };
  },
  retry: ({ leases }, command, now) => {
    const { stale, dead } = leases.retry(command, now);
    return { verb: "retry", retried: command.receipts.length - stale.length, stale, dead };
  },
  reject: ({ leases }, command, now) => {
    const stale = leases.reject(command, now);
    return { verb: "reject", rejected: command.receipts.length - stale.length, stale };
  },
  release: ({ leases }, command, now) => {
    const stale = leases.release(command, now);
    return { verb: "release", released: command.receipts.length - stale.length, stale };
  },
  extend: ({ jobs, leases }, { receipts, leaseMs }, now) => {
    const extension = leases.extend(receipts, leaseMs, now);
    const cancelled = extension.stale.filter((receipt) => jobs.isCancelled(receipt, now));
    return { verb: "extend", extended: receipts.length - extension.stale.length, cancelled, ...extension };
  },
  done: ({ dones }, command, now) => dones.done(command, now),
  join: ({ joins }, { timeoutMs }, now, requestId) => joins.join(requestId, timeoutMs, now),
  progress: ({ jobs, leases }, command, now) => jobs.progress(command, leases.find(command.receipt), now),
  result: ({ jobs }, command, now, requestId) => jobs.result(requestId, command, now),
  watch: ({ jobs }, command, now) => jobs.watch(command, now),
  unwatch: ({ jobs }, command) => jobs.unwatch(command),
  jobs: ({ jobs }, command, now) => jobs.list(command, now),
  announce: ({ administration }, { tasks }) => administration.announce(tasks),
  tasks: ({ administration }) => administration.tasks(),
  cancel_wait: ({ dispatcher }, { requestIds }, now) => ({
    verb: "cancel_wait",
    ended: dispatcher.cancelWaits(requestIds, now),
  }),
  messages: ({ viewer }, { state, cursor, limit }) => viewer.list(state, cursor, limit),
  peek: ({ viewer }, { id }) => {
    const place = viewer.find(id);
    return place === undefined ? unknownMessage() : { verb: "peek", view: viewer.view(place) };
  },
  change: ({ changer }, command, now) => changer.change(command, now),
  promote: ({ changer }, { id }, now) => changer.promote(id, now),
  cancel: ({ removals }, { id }, now) => (removals.cancel(id, now) ? { verb: "cancel" } : unknownMessage()),
  purge: ({ removals }, { only }, now) => ({ verb: "purge", purged: removals.purge(only, now) }),
  redrive: ({ redrives }, command, now, requestId) => redrives.redrive(requestId, command, now),
  receive_transfer: ({ inboundTransfers }, command, now) => inboundTransfers.receive(command, now),
  transfer_result: (queue, { generation, number, outcome, refusal }, now) => {
    if (generation === queue.generation) queue.redrives.applyOutcome(number, outcome, refusal, now);
    return { verb: "transfer_result" };
  },
  note_push_fault: ({ administration }, { fault }) => administration.notePushFault(fault),
  describe: ({ administration }, _, now) => administration.describe(now),
  configure: ({ administration }, { changes, push }, now) => administration.configure(changes, push, now),
  pause: ({ administration }, { paused }, now) => administration.pause(paused, now),
  shutdown: ({ administration }, { immediate }, now) => administration.shutDown(immediate, now),
  delete: (queue, { nextGeneration }) => {
    queue.delete(nextGeneration);
    return { verb: "delete" };
  },
};

/** Verbs for queues that do not exist: they create it, but for those of receivers, which wait as on an empty queue. */
export const WITHOUT_EXISTENCE: ReadonlySet<Command["verb"]> = new Set([
  ...(["put", "receive_transfer", "configure", "shutdown", "pause", "announce"] as const),
  ...(["receive", "subscribe", "unsubscribe", "begin", "cancel_wait"] as const),
]);
