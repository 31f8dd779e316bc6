import { isSignedBy, signedContent, webhookKey, webhookSecretFault } from "../../src/contract/webhook-secret.ts";

/** How far the time of a request may be from that of the receiver, in seconds, unless it is said. */
const TOLERANCE_SECONDS = 300;

/** A message that a queue has pushed. */
export interface WebhookMessage<Body = unknown> {
  id: string;
  /** What was put; absent if bytes were put. */
  body?: Body;
  /** The bytes that were put, in base64. */
  bytes?: string;
  /** How often a receiver or a handler has begun with it, this time included: from 1. */
  attempt: number;
  /** When it was put, in seconds since 1970. */
  putAt: number;
  priority: number;
  group?: string;
  headers?: Record<string, string>;
  /** When the queue sends it again unless it is answered, in seconds since 1970. */
  leaseEndsAt?: number;
  /** Why it came back the last time. */
  lastError?: string;
}

/** What a queue sends to a webhook. */
export interface WebhookBatch<Body = unknown> {
  type: "durable_queue.batch";
  /** When it was sent, as ISO 8601. */
  timestamp: string;
  queue: string;
  messages: WebhookMessage<Body>[];
}

/** The options of `verifyWebhook`. */
export interface VerifyOptions {
  /** How far the time of the request may be from the time here, in seconds. Default 300. */
  toleranceSeconds?: number | undefined;
  /** The time, in milliseconds since 1970. Default: that of the clock. */
  now?: number | undefined;
}

/** The headers of a request: `Headers`, or an object as Node has it. */
type RequestHeaders =
  | { get(name: string): string | null }
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/** Thrown by `verifyWebhook` for a request that is not from the queue, or is too old. Answer it with 401. */
export class WebhookVerificationError extends Error {
  override readonly name = "WebhookVerificationError";
  /** What is wrong with the request. */
  readonly code: "missing_header" | "wrong_time" | "wrong_signature";

  constructor(code: WebhookVerificationError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Checks that a request was signed with the secret, and not long ago, and answers with what its body says.
 *
 * @param secret as `whsec_…`; while it is changed, the new and the old one
 * @param body the body as it came, to the byte. JSON that was parsed and written again has another signature
 * @throws {WebhookVerificationError} if the request is not from the queue, or is too old
 * @throws {TypeError} if the secret is none, or the body was parsed already
 * @throws {SyntaxError} if what was signed is not JSON
 */
export async function verifyWebhook<Body = unknown>(
  secret: string | readonly string[],
  headers: RequestHeaders,
  body: string | Uint8Array | ArrayBuffer,
  { toleranceSeconds = TOLERANCE_SECONDS, now = Date.now() }: VerifyOptions = {},
): Promise<WebhookBatch<Body>> {
  const secrets = typeof secret === "object" ? secret : [secret];
  for (const each of secrets) assertSecret(each);
  const bytes = bytesIn(body);
  const [id, timestamp, signatures] = ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) =>
    headerIn(headers, name),
  ) as [string, string, string];
  const seconds = Number(timestamp);
  const isNear = Math.abs(now / 1_000 - seconds) <= toleranceSeconds;
  if (!/^\d{1,12}$/.test(timestamp) || !isNear) {
    const rule = `The webhook-timestamp must be within ${toleranceSeconds} s of the time here, ${Math.floor(now / 1_000)}`;
    throw new WebhookVerificationError(
      "wrong_time",
      `${rule}: look at both clocks, or refuse the request as a replay.`,
    );
  }
  const content = signedContent(id, timestamp, bytes);
  for (const each of secrets) {
    if (await isSignedBy(await webhookKey(each), content, signatures)) return parsed<Body>(bytes);
  }
  const hint = "look whether the secret is that of the queue, and the body is passed on as it came, to the byte";
  throw new WebhookVerificationError("wrong_signature", `No signature of the request is one of this secret: ${hint}.`);
}

function assertSecret(secret: unknown): void {
  const fault = typeof secret === "string" ? webhookSecretFault(secret) : "must be a text that begins with whsec_";
  if (fault !== undefined) throw new TypeError(`The secret of a webhook ${fault}.`);
}

function bytesIn(body: unknown): Uint8Array {
  if (typeof body === "string") return new TextEncoder().encode(body);
  if (body instanceof Uint8Array) return body;
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  throw new TypeError(
    "The body of a webhook must be the text or the bytes that came, not what they were parsed to. Read it with text() or arrayBuffer() before anything parses it.",
  );
}

function headerIn(headers: RequestHeaders, name: string): string {
  const value = typeof headers.get === "function" ? headers.get(name) : (headers as Record<string, unknown>)[name];
  const text = Array.isArray(value) ? value[0] : value;
  if (typeof text === "string" && text !== "") return text;
  throw new WebhookVerificationError(
    "missing_header",
    `The request has no header ${name}, so it is not from the queue.`,
  );
}

function parsed<Body>(bytes: Uint8Array): WebhookBatch<Body> {
  return JSON.parse(new TextDecoder().decode(bytes)) as WebhookBatch<Body>;
}
