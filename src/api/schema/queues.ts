/** The description of a queue. */
import * as z from "zod";
import {
  COUNT_NAMES,
  type CountName,
  ENDINGS,
  type Ending,
  type MessageState,
  STATE_NAMES,
} from "../../contract/states.ts";
import { describedSettings } from "./settings.ts";

function countsOf<Name extends string>(names: readonly Name[]): Record<Name, z.ZodInt> {
  return Object.fromEntries(names.map((name) => [name, z.int()])) as Record<Name, z.ZodInt>;
}

/** A connection that consumes: it has subscribed, or has received messages that are not finished. */
const consumer = z.strictObject({
  /** The name that its client gave itself, else the name of its key. */
  name: z.string(),
  /** The name of its key. */
  key: z.string(),
  /** The address from which it connected, as the platform reports it; absent where it does not. */
  address: z.string().optional(),
  /** When it connected. */
  since: z.number(),
  /** How many messages it holds under leases. */
  inHand: z.int(),
  /** How many more messages may be pushed to it. */
  credit: z.int(),
});
export type Consumer = z.output<typeof consumer>;

/** The settings are absent while they are not known, because the consumer has not been asked for them yet. */
const push = z.strictObject({
  kind: z.enum(["worker", "webhook"]),
  /** Without its query. */
  url: z.string().optional(),
  batchSize: z.int().optional(),
  batchWaitSeconds: z.number().optional(),
  concurrency: z.int().optional(),
  timeoutSeconds: z.number().optional(),
  /** How many batches are handled now. */
  inFlight: z.int(),
  /** `waiting`: nothing is pushed until `resumesAt`, for what `detail` says. `stopped`: not before it is configured again. */
  state: z.enum(["running", "waiting", "stopped"]),
  resumesAt: z.number().optional(),
  detail: z.string().optional(),
  /** Of a webhook whose secret the server made: only in the reply of the configuration that made it. */
  secret: z.string().optional(),
});

export const queueDescription = z.strictObject({
  name: z.string(),
  ...describedSettings,
  /** `draining`: refuses puts, and receives once it holds nothing. `immediate`: refuses both and holds nothing. */
  shutdown: z.enum(["none", "draining", "immediate"]),
  paused: z.strictObject({ puts: z.boolean(), receives: z.boolean() }),
  /** How many messages are in each state. A visible message may have to wait for its group. */
  ...countsOf<MessageState>(STATE_NAMES),
  /** Put and not yet done, as Python counts it for join. A dead message counts as done. */
  unfinished: z.int(),
  /** Put since the queue was created: the sum of all states and of all endings. */
  accepted: z.int(),
  /** How many messages have left the queue, and how. */
  ...countsOf<Ending>(ENDINGS),
  /** How many results and errors of jobs are kept. Some of them may have expired just now. */
  results: z.int(),
  /** The age of the oldest message in the queue; 0 when there is none. */
  oldestSeconds: z.number(),
  storageBytes: z.int(),
  /** What Cloudflare would bill since the queue was created. After a crash it may lack the last commit's rows. */
  rowsWritten: z.int(),
  /** How many sockets are connected. */
  connected: z.int(),
  /** Those of them that consume, the oldest first. Consumers over HTTP have no connection and are not among them. */
  consumers: z.array(consumer),
  /** The consumer to which the queue pushes messages; null without one. */
  push: push.nullable(),
});

/** A queue in the list. Counts and times are from its newest report, and absent if it has not reported yet. */
export const listedQueue = z.strictObject({
  name: z.string(),
  /** Those of the description at `countedAt`. */
  counts: z.strictObject(countsOf<CountName>(COUNT_NAMES)).optional(),
  /** When the oldest message of then was put; absent if there was none. */
  oldestAt: z.number().optional(),
  countedAt: z.number().optional(),
});

/** A page of the list of queues. */
export const queuesReply = z.strictObject({
  queues: z.array(listedQueue),
  /** The name after which the next page begins; null on the last page. */
  cursor: z.string().nullable(),
});
