import type { PushCalls } from "../api/push.ts";
import type { Webhook } from "../contract/webhook-settings.ts";
import type { ServerEnv } from "../env.ts";
import type { Configuration } from "../queue/base/configuration.ts";
import type { PushTarget } from "./target.ts";
import { type WebhookPlace, WebhookTarget } from "./webhook-target.ts";
import { WorkerTarget } from "./worker-target.ts";

/** The way out of the Worker: `fetch` wants no other `this`. */
const OUTBOUND: WebhookPlace["network"] = { fetch: (url, init) => fetch(url, init) };

/** Finds where the messages of a queue are pushed to: its webhook, else the Worker's consumer. */
export class Targets {
  readonly #env: ServerEnv;
  readonly #now: () => number;
  readonly #worker: WorkerTarget | undefined;
  #webhook: { configured: Webhook; text: string; target: WebhookTarget } | undefined;
  #faults = 0;

  /**
   * @param ask as in `PushCalls`
   * @param now the time, in milliseconds since 1970
   */
  constructor(queue: string, env: ServerEnv, ask: PushCalls["ask"], now: () => number) {
    this.#env = env;
    this.#now = now;
    this.#worker = env.mayHaveConsumers ? new WorkerTarget(queue, () => env.CONSUMERS, ask) : undefined;
  }

  /** The same object for as long as the configuration of pushes does not change; undefined for none. */
  of({ push, pushFault }: Configuration): PushTarget | undefined {
    this.#faults = pushFault?.count ?? 0;
    return push === null ? this.#worker : this.#webhookOf(push);
  }

  #webhookOf(configured: Webhook): WebhookTarget {
    if (configured === this.#webhook?.configured) return this.#webhook.target;
    // A queue that was loaded again has the same in another object.
    const text = JSON.stringify(configured);
    const target = text === this.#webhook?.text ? this.#webhook.target : this.#newTarget(configured);
    this.#webhook = { configured, text, target };
    return target;
  }

  #newTarget(configured: Webhook): WebhookTarget {
    const { allowsPrivateWebhooks: allowsPrivate, ANY_NETWORK } = this.#env;
    const network = allowsPrivate && ANY_NETWORK !== undefined ? ANY_NETWORK : OUTBOUND;
    return new WebhookTarget(configured, {
      ...{ network, allowsPrivate, now: this.#now },
      faults: () => this.#faults,
    });
  }
}
