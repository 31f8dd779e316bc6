import { WEBHOOK_NUMBER_NAMES, type WebhookNumberName } from "../../contract/webhook-settings.ts";
import type { Configuration } from "../../queue/base/configuration.ts";
import { shownWebhookUrl } from "../webhooks/address.ts";
import type { PushView } from "./queue-info.ts";

/**
 * What a queue is pushed to, as it is described: the webhook of its configuration without its secrets, else the Worker's
 * consumer.
 *
 * @param view what pushes the messages says of it. It learns of a change of the configuration after the reply
 */
export function pushDescription(
  { push: webhook, pushFault }: Pick<Configuration, "push" | "pushFault">,
  view: PushView | null,
): PushView | null {
  const isOfWebhook = view?.kind === "webhook";
  if (webhook === null) return isOfWebhook ? null : view;
  const numbers = Object.fromEntries(WEBHOOK_NUMBER_NAMES.map((name) => [name, webhook[name]])) as Record<
    WebhookNumberName,
    number
  >;
  const described = { kind: "webhook", url: shownWebhookUrl(webhook.url), ...numbers } as const;
  const inFlight = isOfWebhook ? view.inFlight : 0;
  if (pushFault === null) return { ...described, inFlight, state: "running" };
  const { resumesAt, detail } = pushFault;
  if (resumesAt === null) return { ...described, inFlight, state: "stopped", detail };
  const state = isOfWebhook ? view.state : "waiting";
  return { ...described, inFlight, state, resumesAt: resumesAt / 1_000, detail };
}
