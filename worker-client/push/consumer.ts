import type { PushBatch, PushCalls, PushOutcome, PushVerdict } from "../../src/api/push.ts";
import type { ReceivedMessage } from "../../src/api/types.ts";
import { QUEUE_NAME_PATTERN } from "../../src/contract/limits.ts";
import { PUSH_SETTINGS, type PushSettings, pushSettingsOf } from "../../src/contract/push-settings.ts";
import { shown } from "../src/base/check-options.ts";
import { QueueError } from "../src/base/errors.ts";
import { Timer } from "../src/base/platform.ts";
import type { TaskRegistry } from "../src/tasks/registry.ts";
import { Batch, type CloudflareBatch } from "./batch.ts";
import { type CallContext, ContextWork } from "./context-work.ts";
import { type TaskReports, TaskRunner } from "./task-runner.ts";

/** How a consumer is called, and with how many messages: see docs/push.md. */
export interface ConsumerOptions {
  /** The most messages of a batch: 1 to 1,000. Default 10. */
  batchSize?: number | undefined;
  /**
   * How long a batch waits to be full, from its first message on: 0 to 60. Default 0: it is handled at once with what there
   * is, and while handlers are busy the next batches fill by themselves.
   */
  batchWaitSeconds?: number | undefined;
  /** How many batches are handled at the same time: 1 to 100. Default 5. */
  concurrency?: number | undefined;
  /** How long a batch may take: 1 to 900. Then what was neither acked nor retried is retried. Default 60. */
  timeoutSeconds?: number | undefined;
}

/** A handler of batches, with the name and the shape that Cloudflare Queues gives it. */
export interface BatchConsumer<Env, Context = CallContext> extends ConsumerOptions {
  /**
   * Handles a batch. When it has returned, or its promise resolves, and what it gave to `ctx.waitUntil` has ended, messages
   * for which it decided nothing are acked; when it throws, or that fails, they are retried.
   *
   * @param batch a `ConsumerBatch`, which a handler may take as a `MessageBatch` too; the type of the bodies is the handler's
   * @param env what its Worker is given
   * @param ctx of the call
   */
  queue(batch: CloudflareBatch, env: Env, ctx: Context): unknown;
  /** A consumer has either. */
  tasks?: undefined;
}

/** A consumer whose jobs the handlers of tasks do. */
export interface TaskConsumer extends ConsumerOptions, TaskReports {
  /** What `defineTasks` has made, for the queue of the same name. The jobs of a batch are done at the same time. */
  tasks: TaskRegistry;
  /** A consumer has either. */
  queue?: undefined;
  /** The most jobs of a batch: 1 to 1,000. Default 1. */
  batchSize?: number | undefined;
}

/** The consumers of a Worker, by the names of their queues. */
export type ConsumerSet<Env, Context = CallContext> = Readonly<
  Record<string, BatchConsumer<Env, Context> | TaskConsumer>
>;

/** A consumer that is checked. */
interface Known<Env, Context> {
  settings: PushSettings;
  handle(batch: PushBatch, calls: PushCalls, env: Env, ctx: Context): Promise<PushVerdict[]>;
}

const PUSH_OPTIONS = Object.keys(PUSH_SETTINGS);
const BATCH_OPTIONS: readonly string[] = ["queue", ...PUSH_OPTIONS];
const TASK_OPTIONS: readonly string[] = ["tasks", "onError", "logger", ...PUSH_OPTIONS];

/** The consumers of a Worker, checked: what its entrypoint answers. */
export class Consumers<Env, Context extends CallContext> {
  readonly #byQueue = new Map<string, Known<Env, Context>>();

  /**
   * @throws {TypeError} for what is no consumer, and for an option that there is not
   * @throws {RangeError} for the name of a queue, or an option, that breaks its rule
   */
  constructor(consumers: ConsumerSet<Env, Context>) {
    for (const [queue, consumer] of Object.entries(consumers)) this.#byQueue.set(queue, knownOf(queue, consumer));
  }

  settingsOf(queue: string): PushSettings | null {
    return this.#byQueue.get(queue)?.settings ?? null;
  }

  /** As `ConsumersCalls.deliver`. */
  async deliver(batch: PushBatch, calls: PushCalls, env: Env, ctx: Context): Promise<PushOutcome> {
    const known = this.#byQueue.get(batch.queue);
    if (known === undefined) return { verdicts: batch.receipts.map(() => RELEASED), settings: null };
    return { verdicts: await known.handle(batch, calls, env, ctx), settings: known.settings };
  }
}

const RELEASED: PushVerdict = { verb: "release" };

/** Checks the consumer of a queue. */
function knownOf<Env, Context extends CallContext>(
  queue: string,
  consumer: BatchConsumer<Env, Context> | TaskConsumer,
): Known<Env, Context> {
  if (!QUEUE_NAME_PATTERN.test(queue)) {
    throw new RangeError(
      `consumers() names the queue ${shown(queue)}, but a name is 1 to 128 of A-Z a-z 0-9 . _ -, the first a letter or a digit.`,
    );
  }
  const place = `consumers.${queue}`;
  const isObject = typeof consumer === "object" && consumer !== null;
  if (isObject && consumer.queue === undefined && "tasks" in consumer) return knownOfTasks(queue, place, consumer);
  if (!isObject || typeof consumer.queue !== "function")
    throw new TypeError(
      `${place} must be an object with the handler queue(batch, env, ctx), or with tasks, not ${shown(consumer)}.`,
    );
  const settings = checked(place, consumer, BATCH_OPTIONS);
  return { settings, handle: (...batch) => handleBatch(consumer, settings, ...batch) };
}

function knownOfTasks<Env, Context>(queue: string, place: string, consumer: TaskConsumer): Known<Env, Context> {
  const { tasks: registry, onError, logger } = consumer;
  if (registry?.queue !== queue)
    throw new TypeError(`${place}.tasks must be what defineTasks(${shown(queue)}, { … }) has made.`);
  const settings = checked(place, { ...consumer, batchSize: consumer.batchSize ?? 1 }, TASK_OPTIONS);
  const runner = new TaskRunner(registry, { onError, logger });
  return { settings, handle: (batch, calls) => runner.handle(batch, calls, settings.timeoutSeconds) };
}

function checked(place: string, consumer: ConsumerOptions, known: readonly string[]): PushSettings {
  const unknown = Object.keys(consumer).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new TypeError(`${place} has no option ${shown(unknown)}. It has ${known.join(", ")}.`);
  return pushSettingsOf(consumer, place);
}

async function handleBatch<Env, Context extends CallContext>(
  consumer: BatchConsumer<Env, Context>,
  { timeoutSeconds }: PushSettings,
  { queue, messages, backlog }: PushBatch,
  _calls: PushCalls,
  env: Env,
  ctx: Context,
): Promise<PushVerdict[]> {
  const batch = new Batch(queue, JSON.parse(messages) as ReceivedMessage[], backlog);
  const work = new ContextWork(ctx);
  const run = async () => {
    try {
      await consumer.queue(batch, env, work.ctx);
    } catch (error) {
      await work.ended().catch(() => undefined);
      throw error;
    }
    await work.ended();
  };
  const failure = await failureOf(run, queue, timeoutSeconds);
  if (failure !== undefined)
    console.error(`queue ${queue}: the consumer failed on a batch of ${batch.messages.length}.`, failure.error);
  return batch.close(failure);
}

/** Runs a handler. What it throws, or that its time is over; undefined if it has ended. */
async function failureOf(
  run: () => Promise<void>,
  queue: string,
  timeoutSeconds: number,
): Promise<{ error: unknown } | undefined> {
  let timer: Timer | undefined;
  const over = new Promise<{ error: unknown }>((resolve) => {
    timer = new Timer(timeoutSeconds * 1_000, () => {
      const text = `The consumer of ${queue} took longer than timeoutSeconds: ${timeoutSeconds}.`;
      resolve({ error: new QueueError(text, { code: "timeout", queue }) });
    });
  });
  try {
    const running = run().then(() => undefined);
    return await Promise.race([running, over]);
  } catch (error) {
    return { error };
  } finally {
    timer?.clear();
  }
}
