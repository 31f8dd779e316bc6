/**
 * The setting `push` of a queue: the webhook to which it pushes. Ranges and defaults stand here once, for the schema of
 * `configure`, the command line and the docs.
 */

import { PUSH_SETTINGS, type PushSettingName } from "./push-settings.ts";

/** What of a webhook is a number: as for handlers of a Worker, but for the size of a batch. */
export const WEBHOOK_NUMBERS = {
  ...PUSH_SETTINGS,
  /** The most messages of a request: 1 to 100. Default 1, so that the answer is about one message. */
  batchSize: { ...PUSH_SETTINGS.batchSize, max: 100, default: 1 },
} as const;

export type WebhookNumberName = PushSettingName;

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
export type Webhook = Record<WebhookNumberName, number> & { url: string; secrets: readonly string[] };
