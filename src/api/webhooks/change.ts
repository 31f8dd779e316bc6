import { newWebhookSecret, webhookSecretFault } from "../../contract/webhook-secret.ts";
import { WEBHOOK_SECRETS_MAX, type WebhookValues } from "../../contract/webhook-settings.ts";
import type { WebhookChange } from "../../queue/base/webhook.ts";
import { invalid } from "../check/problem-error.ts";
import { webhookUrlFault } from "./address.ts";

/**
 * The change that a configuration of a webhook asks for.
 *
 * @param allowsPrivate whether private addresses and plain HTTP are allowed
 * @throws {ProblemError} `invalid`, with a sentence that never shows a secret
 */
export function webhookChange({ url, secret, ...numbers }: WebhookValues, allowsPrivate: boolean): WebhookChange {
  const fault = url === undefined ? undefined : webhookUrlFault(url, allowsPrivate);
  if (fault !== undefined) throw invalid("push.url", fault);
  const secrets = typeof secret === "string" ? [secret] : secret;
  if (secrets !== undefined && (secrets.length === 0 || secrets.length > WEBHOOK_SECRETS_MAX)) {
    throw invalid("push.secret", "must be one secret, or a list of the new and the old one");
  }
  for (const [index, each] of secrets?.entries() ?? []) {
    const secretFault = webhookSecretFault(each);
    const path = typeof secret === "string" ? "push.secret" : `push.secret[${index}]`;
    if (secretFault !== undefined) throw invalid(path, secretFault);
  }
  return { ...numbers, url: url && new URL(url).href, secrets, newSecret: newWebhookSecret() };
}
