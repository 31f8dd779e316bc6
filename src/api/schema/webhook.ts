/** The webhook of a queue: as it is configured, and as it is described. */
import * as z from "zod";
import {
  WEBHOOK_NUMBER_NAMES,
  WEBHOOK_NUMBERS,
  type WebhookNumberName,
  type WebhookValues,
} from "../../contract/webhook-settings.ts";

type Numbers<Field extends z.ZodType> = Record<WebhookNumberName, Field>;

function numbersAs<Field extends z.ZodType>(wrap: (number: z.ZodNumber) => Field): Numbers<Field> {
  const schemas = WEBHOOK_NUMBER_NAMES.map((name) => {
    const { kind, min, max } = WEBHOOK_NUMBERS[name];
    return [name, wrap((kind === "integer" ? z.int() : z.number()).min(min).max(max))];
  });
  return Object.fromEntries(schemas) as Numbers<Field>;
}

/** A webhook, as it is configured. Its URL and secrets have rules of their own, which `webhookChange` checks. */
export const webhookValues: z.ZodType<WebhookValues, WebhookValues> = z.strictObject({
  url: z.string().optional(),
  secret: z.union([z.string(), z.array(z.string())]).optional(),
  ...numbersAs((number) => number.optional()),
});

/** What pushes the messages of the queue to where they are handled. */
export const pushDescription = z.strictObject({
  /** `webhook`: to a URL. `worker`: to a consumer of the Worker. */
  kind: z.enum(["worker", "webhook"]),
  /** Without its query. */
  url: z.string().optional(),
  ...numbersAs((number) => number),
  /** How many requests or calls are under way. */
  inFlight: z.int(),
  /** `waiting`: after failures, until `resumesAt`. `stopped`: until it is configured again. */
  state: z.enum(["running", "waiting", "stopped"]),
  /** When it is tried again, in seconds since 1970. */
  resumesAt: z.number().optional(),
  /** Why it waits or is stopped. */
  detail: z.string().optional(),
  /** The secret that the server made: only in the reply of the configuration that made it. */
  secret: z.string().optional(),
});
export type PushDescription = z.output<typeof pushDescription>;
