import type { ConsumersCalls, PushBatch, PushCalls } from "../api/push.ts";
import type { PushSettings } from "../contract/push-settings.ts";
import type { Delivered, PushTarget } from "./target.ts";
import { messageOf, retryAfter } from "./verdicts/parts.ts";
import { checkedOutcome, checkedSettings } from "./verdicts/worker-outcome.ts";

const NOT_UNDERSTOOD =
  "The answer of the consumer cannot be understood. It must be made by consumers() of durable-queue/server, in a version that is no older than that of the queue.";

/** Pushes messages to the handler of a Worker: by RPC to its entrypoint of consumers. */
export class WorkerTarget implements PushTarget {
  readonly kind = "worker";
  readonly #queue: string;
  readonly #consumers: () => ConsumersCalls;
  readonly #ask: PushCalls["ask"];

  /**
   * @param consumers a stub of the entrypoint, a new one each time: one whose call has failed may fail for good. Throws if
   * the Worker has none
   */
  constructor(queue: string, consumers: () => ConsumersCalls, ask: PushCalls["ask"]) {
    this.#queue = queue;
    this.#consumers = consumers;
    this.#ask = ask;
  }

  async settings(): Promise<PushSettings | null> {
    return checkedSettings(await this.#consumers().settingsOf(this.#queue));
  }

  async deliver(batch: PushBatch, lost: PushCalls["lost"]): Promise<Delivered> {
    let consumers: ConsumersCalls;
    try {
      consumers = this.#consumers();
    } catch (error) {
      return { verdicts: batch.receipts.map(() => ({ verb: "release" })), fault: { detail: messageOf(error) } };
    }
    try {
      const answered: unknown = await consumers.deliver(batch, { ask: this.#ask, lost });
      const { verdicts, settings, isWhole } = checkedOutcome(answered, batch.receipts.length);
      return isWhole ? { verdicts, settings } : { verdicts, fault: { detail: NOT_UNDERSTOOD } };
    } catch (error) {
      const detail = `The consumer could not be called, or was stopped while it handled a batch: ${messageOf(error)}`;
      return { verdicts: batch.receipts.map(() => retryAfter(error)), fault: { detail } };
    }
  }
}
