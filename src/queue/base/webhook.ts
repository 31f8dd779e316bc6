import {
  WEBHOOK_NUMBER_NAMES,
  WEBHOOK_NUMBERS,
  type Webhook,
  type WebhookNumberName,
} from "../../contract/webhook-settings.ts";

/** A change of a webhook. What is absent stays as it is. */
export interface WebhookChange extends Partial<Record<WebhookNumberName, number | undefined>> {
  url?: string | undefined;
  secrets?: readonly string[] | undefined;
  /** A secret for a webhook that has none, or whose secret is not to be used any more. */
  newSecret: string;
}

/** A webhook that was changed. */
interface ChangedWebhook {
  webhook: Webhook;
  /** Its secret, if that was made just now. */
  newSecret?: string | undefined;
}

/**
 * The webhook with the change; undefined if it would have no URL.
 *
 * A secret belongs to the origin of the URL for which it was set: a receiver elsewhere must not be sent signatures with
 * which it could make requests of its own that the first receiver accepts.
 */
export function changedWebhook(stored: Webhook | null, change: WebhookChange): ChangedWebhook | undefined {
  const { newSecret, secrets, url = stored?.url } = change;
  if (url === undefined) return undefined;
  const kept = stored !== null && new URL(stored.url).origin === new URL(url).origin ? stored.secrets : undefined;
  const numbers = Object.fromEntries(
    WEBHOOK_NUMBER_NAMES.map((name) => [name, change[name] ?? stored?.[name] ?? WEBHOOK_NUMBERS[name].default]),
  ) as Record<WebhookNumberName, number>;
  const next: Webhook = { url, secrets: secrets ?? kept ?? [newSecret], ...numbers };
  return secrets === undefined && kept === undefined ? { webhook: next, newSecret } : { webhook: next };
}
