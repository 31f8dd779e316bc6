/**
 * The entry `durable-queue/webhooks`, for the programs that a queue pushes to: checks that a request is from the queue. It
 * needs Web Crypto alone, so it runs in Node, Workers, Deno, Bun and browsers, and works for every sender of Standard
 * Webhooks.
 */
export {
  type VerifyOptions,
  verifyWebhook,
  type WebhookBatch,
  type WebhookMessage,
  WebhookVerificationError,
} from "./verify-webhook.ts";
