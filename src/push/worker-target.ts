import type { ConsumersCalls, PushBatch, PushCalls, PushOutcome, PushVerdict } from "../api/push.ts";
import type { PushSettings } from "../contract/push-settings.ts";
import type { Delivered, PushTarget } from "./target.ts";

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
    return this.#consumers().settingsOf(this.#queue);
  }

  async deliver(batch: PushBatch, lost: PushCalls["lost"]): Promise<Delivered> {
    let consumers: ConsumersCalls;
    try {
      consumers = this.#consumers();
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      return { verdicts: batch.receipts.map(() => ({ verb: "release" })), fault: { detail } };
    }
    try {
      // The result is a copy of plain data, but its type is that of a stub.
      const { verdicts, settings } = (await consumers.deliver(batch, { ask: this.#ask, lost })) as PushOutcome;
      return { verdicts, settings };
    } catch (error) {
      const { name = "Error", message = String(error) } = error instanceof Error ? error : {};
      const retry: PushVerdict = { verb: "retry", error: { name, message } };
      const detail = `The consumer could not be called, or was stopped while it handled a batch: ${message}`;
      return { verdicts: batch.receipts.map(() => retry), fault: { detail } };
    }
  }
}
