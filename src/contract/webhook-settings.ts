/**
 * The setting `push` of a queue: the webhook to which it pushes. Ranges and defaults stand here once, for the schema of
 * `configure`, the command line and the docs.
 */

/** A number of the setting `push`, with its range. */
interface WebhookNumber {
  kind: "integer" | "number";
  min: number;
  max: number;
  default: number;
}

/** What of a webhook is a number. What it says stands in the comments: the docs show it. */
export const WEBHOOK_NUMBERS = {
  /** How many messages one request has at most. Default 1. */
  batchSize: { kind: "integer", min: 1, max: 100, default: 1 },
  /** How long a batch that is not full waits for more messages. Default 0. */
  batchWaitSeconds: { kind: "number", min: 0, max: 60, default: 0 },
  /** How many requests are under way at the same time at most. Default 5. */
  concurrency: { kind: "integer", min: 1, max: 100, default: 5 },
  /** How long the receiver may take to answer. Default 60. */
  timeoutSeconds: { kind: "number", min: 1, max: 900, default: 60 },
} as const satisfies Record<string, WebhookNumber>;

export type WebhookNumberName = keyof typeof WEBHOOK_NUMBERS;

export const WEBHOOK_NUMBER_NAMES: readonly WebhookNumberName[] = Object.keys(WEBHOOK_NUMBERS) as WebhookNumberName[];

/** The most characters of a webhook's URL. */
export const WEBHOOK_URL_CHARACTERS_MAX = 2_048;

/** Secrets of one webhook: the current one, and the one before it while receivers change over. */
export const WEBHOOK_SECRETS_MAX = 2;

/**
 * A webhook, as it is configured. What is absent stays as it is, and is the default in a first configuration. Null in its
 * place takes it away.
 */
export type WebhookValues = { -readonly [Name in WebhookNumberName]?: number | undefined } & {
  /** Where the messages are sent: needed in the first configuration. */
  url?: string | undefined;
  /**
   * What requests are signed with, as `whsec_` and the base64 of 24 to 64 bytes; two while receivers change over from one to
   * the other. Absent: the secret stays; without one, or with a URL of another origin, the server makes one.
   */
  secret?: string | readonly string[] | undefined;
};

/** A webhook, as it is kept: all its values. */
export type Webhook = Record<WebhookNumberName, number> & {
  url: string;
  secrets: readonly string[];
  /** Grows by one with each change, so that an answer to a request from before it changes nothing. */
  revision: number;
  /** Why nothing more is sent until it is configured again; absent while it is sent. */
  stopped?: string | undefined;
};
