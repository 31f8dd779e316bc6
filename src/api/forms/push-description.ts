import { WEBHOOK_NUMBER_NAMES, type Webhook, type WebhookNumberName } from "../../contract/webhook-settings.ts";
import type { PushDescription } from "../schema/webhook.ts";
import { shownWebhookUrl } from "../webhooks/address.ts";

/** A webhook as it is described, without its secrets. */
export function webhookDescription(webhook: Webhook): PushDescription {
  const { url, stopped } = webhook;
  const numbers = Object.fromEntries(WEBHOOK_NUMBER_NAMES.map((name) => [name, webhook[name]])) as Record<
    WebhookNumberName,
    number
  >;
  const state =
    stopped === undefined ? ({ state: "running" } as const) : ({ state: "stopped", detail: stopped } as const);
  return { kind: "webhook", url: shownWebhookUrl(url), ...numbers, inFlight: 0, ...state };
}
