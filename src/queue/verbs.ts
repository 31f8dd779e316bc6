import type { Command, Result } from "./base/commands.ts";
import type { Parts } from "./parts.ts";
import { unknownMessage, unknownVerb } from "./refusals.ts";

/** The parts of a queue, and what only the queue itself can do. */
export interface Context extends Parts {
  readonly generation: string;
  /** Deletes the queue. */
  delete(nextGeneration: string): void;
}

/** Applies a command of one verb. Undefined where the answer comes later, or has been given. */
type Apply<Verb extends Command["verb"]> = (
  queue: Context,
  command: Extract<Command, { verb: Verb }>,
  now: number,
  requestId: number,
) => Result | undefined;

const VERBS: { readonly [Verb in Command["verb"]]: Apply<Verb> } = {
  put: ({ puts }, command, now, requestId) => puts.put(requestId, command, now),
  receive: ({ receives }, command, now, requestId) => receives.receive(requestId, command, now),
  subscribe: ({ receives }, command, now) => receives.subscribe(command, now),
  unsubscribe: ({ receives }, { subscriber }) => receives.unsubscribe(subscriber),
  begin: ({ leases }, { receipts }, now) => ({ verb: "begin", stale: leases.begin(receipts, now) }),
  ack: ({ leases }, { receipts, finish }) => {
    const stale = leases.ack(receipts, finish);
    return { verb: "ack", acked: receipts.length - stale.length, stale };
  },
  retry: ({ leases }, command, now) => {
    const stale = leases.retry(command, now);
    return { verb: "retry", retried: command.receipts.length - stale.length, stale };
  },
  extend: ({ leases }, { receipts, leaseMs }, now) => {
    const leaseEndsAt = now + leaseMs;
    const stale = leases.extend(receipts, leaseEndsAt);
    return { verb: "extend", extended: receipts.length - stale.length, stale, leaseEndsAt };
  },
  done: ({ dones }, command, now) => dones.done(command, now),
  join: ({ joins }, { timeoutMs }, now, requestId) => joins.join(requestId, timeoutMs, now),
  cancel_wait: ({ dispatcher }, { requestIds }) => ({ verb: "cancel_wait", ended: dispatcher.cancelWaits(requestIds) }),
  messages: ({ viewer }, { state, cursor, limit }) => ({ verb: "messages", ...viewer.list(state, cursor, limit) }),
  peek: ({ viewer }, { id }) => {
    const place = viewer.find(id);
    return place === undefined ? unknownMessage() : { verb: "peek", view: viewer.view(place) };
  },
  cancel: ({ removals }, { id }) => (removals.cancel(id) ? { verb: "cancel" } : unknownMessage()),
  purge: ({ removals }, { only }) => ({
    verb: "purge",
    purged: only === "dead" ? removals.purgeDead() : removals.purge(),
  }),
  redrive: ({ redrives }, command, now, requestId) => redrives.redrive(requestId, command, now),
  receive_transfer: ({ inboundTransfers }, command, now) => inboundTransfers.receive(command, now),
  transfer_result: (queue, { generation, number, outcome, refusal }, now) => {
    if (generation === queue.generation) queue.redrives.applyOutcome(number, outcome, refusal, now);
    return { verb: "transfer_result" };
  },
  describe: ({ administration }, _, now) => administration.describe(now),
  configure: ({ administration }, { changes }, now) => administration.configure(changes, now),
  pause: ({ administration }, { paused }, now) => administration.pause(paused, now),
  shutdown: ({ administration }, { immediate }, now) => administration.shutDown(immediate, now),
  delete: (queue, { nextGeneration }) => {
    queue.delete(nextGeneration);
    return { verb: "delete" };
  },
};

/**
 * Verbs that may be applied to a queue that does not exist: they create it, but for those of receivers, which wait on an
 * unknown name as on an empty queue.
 */
export const WITHOUT_EXISTENCE: ReadonlySet<Command["verb"]> = new Set([
  ...(["put", "receive_transfer", "configure", "shutdown", "pause"] as const),
  ...(["receive", "subscribe", "unsubscribe", "begin", "cancel_wait"] as const),
]);

/** Applies a command. Undefined where the answer comes later, or has been given. */
export function applyVerb(queue: Context, command: Command, now: number, requestId: number): Result | undefined {
  const { verb } = command;
  // While a deployment goes on, commands come from Workers of another version too.
  if (!Object.hasOwn(VERBS, verb)) return unknownVerb(verb);
  return (VERBS[verb] as Apply<typeof verb>)(queue, command as never, now, requestId);
}
