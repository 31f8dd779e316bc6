import type { PushBatch, PushCalls, PushOutcome, PushVerdict } from "../../src/api/push.ts";
import type { ReceivedMessage } from "../../src/api/types.ts";
import { QUEUE_NAME_PATTERN } from "../../src/contract/limits.ts";
import { PUSH_SETTINGS, type PushSettings, pushSettingsOf } from "../../src/contract/push-settings.ts";
import { shown } from "../src/base/check-options.ts";
import { QueueError } from "../src/base/errors.ts";
import { Timer } from "../src/base/platform.ts";
import { Batch, type CloudflareBatch } from "./batch.ts";

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
   * Handles a batch. When it returns, or its promise resolves, messages for which it decided nothing are acked; when it
   * throws, they are retried.
   *
   * @param batch a `ConsumerBatch`, which a handler may take as a `MessageBatch` too; the type of the bodies is the handler's
   * @param env what its Worker is given
   * @param ctx of the call: what is given to `waitUntil` goes on when the handler has returned
   */
  queue(batch: CloudflareBatch, env: Env, ctx: Context): unknown;
}

/** What the handler's last parameter has, whichever runtime it is in. */
interface CallContext {
  waitUntil(promise: Promise<unknown>): void;
}

/** The consumers of a Worker, by the names of their queues. */
export type ConsumerSet<Env, Context = CallContext> = Readonly<Record<string, BatchConsumer<Env, Context>>>;

interface Known<Env, Context> {
  consumer: BatchConsumer<Env, Context>;
  settings: PushSettings;
}

const OPTION_NAMES: readonly string[] = ["queue", ...Object.keys(PUSH_SETTINGS)];

/** The consumers of a Worker, checked: what its entrypoint answers. */
export class Consumers<Env, Context> {
  readonly #byQueue = new Map<string, Known<Env, Context>>();

  /**
   * @throws {TypeError} for what is no consumer, and for an option that there is not
   * @throws {RangeError} for the name of a queue, or an option, that breaks its rule
   */
  constructor(consumers: ConsumerSet<Env, Context>) {
    for (const [queue, consumer] of Object.entries(consumers)) {
      this.#byQueue.set(queue, { consumer, settings: settingsOf(queue, consumer) });
    }
  }

  settingsOf(queue: string): PushSettings | null {
    return this.#byQueue.get(queue)?.settings ?? null;
  }

  /** As `ConsumersCalls.deliver`. */
  async deliver(pushed: PushBatch, _calls: PushCalls, env: Env, ctx: Context): Promise<PushOutcome> {
    const known = this.#byQueue.get(pushed.queue);
    if (known === undefined) return { verdicts: pushed.receipts.map(() => RELEASED), settings: null };
    const { consumer, settings } = known;
    const batch = new Batch(pushed.queue, JSON.parse(pushed.messages) as ReceivedMessage[], pushed.backlog);
    const failure = await failureOf(() => consumer.queue(batch, env, ctx), pushed.queue, settings.timeoutSeconds);
    if (failure !== undefined) {
      const attempts = `a batch of ${batch.messages.length}`;
      console.error(`queue ${pushed.queue}: the consumer failed on ${attempts}.`, failure.error);
    }
    return { verdicts: batch.close(failure), settings };
  }
}

const RELEASED: PushVerdict = { verb: "release" };

/** Checks a consumer of a queue. */
function settingsOf(queue: string, consumer: Partial<BatchConsumer<unknown, unknown>>): PushSettings {
  if (!QUEUE_NAME_PATTERN.test(queue)) {
    throw new RangeError(
      `consumers() names the queue ${shown(queue)}, but a name is 1 to 128 of A-Z a-z 0-9 . _ -, the first a letter or a digit.`,
    );
  }
  const place = `consumers.${queue}`;
  if (typeof consumer !== "object" || consumer === null || typeof consumer.queue !== "function")
    throw new TypeError(`${place} must be an object with the handler queue(batch, env, ctx), not ${shown(consumer)}.`);
  const unknown = Object.keys(consumer).find((name) => !OPTION_NAMES.includes(name));
  if (unknown !== undefined)
    throw new TypeError(`${place} has no option ${shown(unknown)}. It has ${OPTION_NAMES.join(", ")}.`);
  return pushSettingsOf(consumer, place);
}

/** Runs a handler. What it throws, or that its time is over; undefined if it returned. */
async function failureOf(
  run: () => unknown,
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
    const running = Promise.resolve(run()).then(() => undefined);
    return await Promise.race([running, over]);
  } catch (error) {
    return { error };
  } finally {
    timer?.clear();
  }
}
