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
    const { isInteger, min, max } = WEBHOOK_NUMBERS[name];
    return [name, wrap((isInteger ? z.int() : z.number()).min(min).max(max))];
  });
  return Object.fromEntries(schemas) as Numbers<Field>;
}

/** A webhook, as it is configured. Its URL and secrets have rules of their own, which `webhookChange` checks. */
export const webhookValues: z.ZodType<WebhookValues, WebhookValues> = z.strictObject({
  url: z.string().optional(),
  secret: z.union([z.string(), z.array(z.string())]).optional(),
  ...numbersAs((number) => number.optional()),
});
