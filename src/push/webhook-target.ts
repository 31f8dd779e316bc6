import type { PushBatch, PushVerdict } from "../api/push.ts";
import { shownWebhookUrl, webhookUrlFault } from "../api/webhooks/address.ts";
import type { PushSettings } from "../contract/push-settings.ts";
import { signedContent, type WebhookKey, webhookKey, webhookSignature } from "../contract/webhook-secret.ts";
import type { Webhook } from "../contract/webhook-settings.ts";
import { backoffMsAfter } from "./breaker.ts";
import type { Delivered, PushTarget } from "./target.ts";
import { type Meaning, meaningOf, retryAfterMsIn } from "./webhook/answers.ts";
import { boundedText } from "./webhook/bounded-text.ts";
import { verdictsIn } from "./webhook/reply.ts";
import { requestBody, sentMessages } from "./webhook/request-body.ts";

/** What a webhook needs of the server. */
export interface WebhookPlace {
  /** The way out. */
  network: { fetch(url: string, init: RequestInit): Promise<Response> };
  /** Whether private addresses and plain HTTP are allowed. */
  allowsPrivate: boolean;
  /** The time, in milliseconds since 1970. */
  now(): number;
  /** How many faults in a row the queue has noted until now, also before this object was made. */
  faults(): number;
}

/** How a request ended that no receiver has taken. */
interface Unhandled {
  kind: Exclude<Meaning, "handled">;
  detail: string;
  retryAfterMs?: number | undefined;
}

/** How a request ended. */
type Ending = { kind: "handled"; body: string | undefined } | Unhandled;

/** How long after the next probe a message that was given back is visible again, in milliseconds. */
const BEHIND_MS = 1_000;

/** The most characters that are shown of what the platform says of a failed connection. */
const REASON_CHARACTERS_MAX = 60;

/** Pushes batches to a URL, signed as Standard Webhooks. It makes no second try: the queue redelivers. */
export class WebhookTarget implements PushTarget {
  readonly kind = "webhook";
  readonly url: string;
  readonly #webhook: Webhook;
  readonly #place: WebhookPlace;
  #keys: Promise<WebhookKey[]> | undefined;
  /** Whether the newest delivery that ended could not reach the receiver, or was answered for it by something else. */
  #isFaulty = false;

  constructor(webhook: Webhook, place: WebhookPlace) {
    this.#webhook = webhook;
    this.#place = place;
    this.url = shownWebhookUrl(webhook.url);
  }

  async settings(): Promise<PushSettings> {
    const { batchSize, batchWaitSeconds, concurrency, timeoutSeconds } = this.#webhook;
    return { batchSize, batchWaitSeconds, concurrency, timeoutSeconds };
  }

  async deliver({ queue, messages, backlog }: PushBatch): Promise<Delivered> {
    const { ids, json } = sentMessages(messages);
    const ending = await this.#request(queue, ids, json);
    if (ending.kind === "handled") {
      this.#isFaulty = false;
      return { verdicts: verdictsIn(ids, ending.body) };
    }
    const { kind, detail, retryAfterMs } = ending;
    const verdict = this.#verdictOn(ending, backlog.count > 0);
    const verdicts = ids.map(() => verdict);
    if (kind === "failed") return { verdicts };
    const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
    return { verdicts, fault: { detail, ...wait, ...(kind === "gone" ? { isStopped: true } : {}) } };
  }

  /**
   * What becomes of messages that were not handled. An attempt is counted only if the message may be at fault: not while the
   * receiver asks to wait, and in an outage only for the first batch that meets it. A message that makes its receiver
   * crash is thus dead at last, and an outage, however long, kills none. What is given back lets the others go first, so
   * that the next probe is another message.
   */
  #verdictOn({ kind, detail, retryAfterMs = 0 }: Unhandled, areOthersWaiting: boolean): PushVerdict {
    const faults = this.#place.faults();
    const wasFaulty = this.#isFaulty || faults > 0;
    this.#isFaulty = kind !== "failed";
    const isCounted = kind === "failed" || (kind === "faulty" && !wasFaulty);
    if (isCounted) return { verb: "retry", error: { name: "WebhookError", message: detail } };
    if (!areOthersWaiting || kind === "gone") return { verb: "release" };
    return { verb: "release", delayMs: Math.max(backoffMsAfter(faults + 1), retryAfterMs) + BEHIND_MS };
  }

  async #request(queue: string, ids: readonly string[], messages: string): Promise<Ending> {
    const { url, timeoutSeconds } = this.#webhook;
    const fault = webhookUrlFault(url, this.#place.allowsPrivate);
    if (fault !== undefined)
      return { kind: "busy", detail: `Nothing is sent, because the URL of the webhook ${fault}.` };
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), timeoutSeconds * 1_000);
    const { signal } = timeout;
    try {
      const body = new TextEncoder().encode(requestBody(queue, messages, this.#place.now()));
      const headers = await this.#headers(await idOf(ids), body);
      const request = { method: "POST", headers, body, redirect: "manual", signal } as const;
      return await this.#endingOf(await this.#place.network.fetch(url, request));
    } catch (error) {
      const { host } = new URL(url);
      const detail = signal.aborted
        ? `${host} has not answered within ${timeoutSeconds} s.`
        : `${host} could not be reached, or ended the connection before its answer was complete${reasonOf(error)}.`;
      return { kind: "faulty", detail };
    } finally {
      // A timer that goes on would keep the object of the queue in memory.
      clearTimeout(timer);
    }
  }

  /** @throws if the connection ends in the middle of what the receiver says of messages */
  async #endingOf(response: Response): Promise<Ending> {
    const { status, headers, body } = response;
    const kind = meaningOf(status);
    if (kind === "handled" && isJson(headers)) return { kind, body: await boundedText(body) };
    // Else the connection could not be used again.
    await body?.cancel().catch(() => undefined);
    if (kind === "handled") return { kind, body: undefined };
    const retryAfterMs = kind === "busy" ? retryAfterMsIn(headers.get("retry-after"), this.#place.now()) : undefined;
    return { kind, detail: detailOf(status, kind, new URL(this.#webhook.url).host), retryAfterMs };
  }

  async #headers(id: string, body: Uint8Array): Promise<Record<string, string>> {
    this.#keys ??= Promise.all(this.#webhook.secrets.map(webhookKey));
    const timestamp = String(Math.floor(this.#place.now() / 1_000));
    const content = signedContent(id, timestamp, body);
    const signatures = await Promise.all((await this.#keys).map((key) => webhookSignature(key, content)));
    return {
      "content-type": "application/json",
      "user-agent": "durable-queue-webhook",
      "webhook-id": id,
      "webhook-timestamp": timestamp,
      "webhook-signature": signatures.join(" "),
    };
  }
}

/**
 * The id of a request, by which a receiver knows that it has had the same before: that of the message, or one made of the
 * ids of the messages.
 */
async function idOf(ids: readonly string[]): Promise<string> {
  const [only, ...others] = ids;
  if (only !== undefined && others.length === 0) return only;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(ids.join(" ")));
  const hex = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `batch_${hex.slice(0, 32)}`;
}

function isJson(headers: Headers): boolean {
  return /^application\/(json|[\w.+-]+\+json)\s*(;|$)/i.test(headers.get("content-type") ?? "");
}

function detailOf(status: number, kind: Unhandled["kind"], host: string): string {
  const answered = `${host} has answered ${status}`;
  if (kind === "gone") return `${answered}, which ends the webhook. Nothing is sent until it is configured again.`;
  if (kind === "busy") return `${answered}: it asks to be sent less.`;
  if (status >= 300 && status < 400)
    return `${answered}, a redirect, which is not followed. Configure the URL to which it leads.`;
  return `${answered}.`;
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  // It could have the URL in it, whose query may have a secret.
  return message === "" || message.includes("://")
    ? ""
    : ` (${message.replace(/\.$/, "").slice(0, REASON_CHARACTERS_MAX)})`;
}
