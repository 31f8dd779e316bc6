/** The schemas of settings, made from the list of them. */
import * as z from "zod";
import {
  PLAIN_NAMES,
  type PlainName,
  SETTING_NAMES,
  SETTINGS,
  type Setting,
  type SettingName,
  type SettingValues,
} from "../../contract/settings.ts";
import { queueName } from "./fields.ts";
import { webhookValues } from "./webhook.ts";

/** The schema of one setting's value. */
function schemaOf(setting: Setting): z.ZodType {
  switch (setting.kind) {
    case "choice":
      return z.enum(setting.values);
    case "boolean":
      return z.boolean();
    case "queue":
      return queueName.nullable();
    case "webhook":
      return webhookValues.nullable();
    default:
      return numberSchema(setting);
  }
}

function numberSchema({ kind, min, max, isOptional }: Extract<Setting, { min: number }>): z.ZodType {
  const number = kind === "integer" ? z.int() : z.number();
  if (isOptional === undefined) return number.min(min).max(max);
  return number
    .min(0)
    .max(max)
    .refine((value) => value === 0 || value >= min, { error: `must be 0 or at least ${min}` });
}

/** The settings that a message may have of its own. */
export const messageRules = {
  maxAttempts: schemaOf(SETTINGS.maxAttempts).optional() as z.ZodOptional<z.ZodNumber>,
  retryDelaySeconds: schemaOf(SETTINGS.retryDelaySeconds).optional() as z.ZodOptional<z.ZodNumber>,
  retentionSeconds: schemaOf(SETTINGS.retentionSeconds).optional() as z.ZodOptional<z.ZodNumber>,
  resultSeconds: schemaOf(SETTINGS.resultSeconds).optional() as z.ZodOptional<z.ZodNumber>,
};

type SettingShape = { [Name in keyof SettingValues]: z.ZodType<SettingValues[Name], SettingValues[Name]> };
type OptionalShape = { [Name in keyof SettingShape]: z.ZodOptional<SettingShape[Name]> };

function shapeOf(names: readonly SettingName[], wrap: (schema: z.ZodType) => z.ZodType): Record<string, z.ZodType> {
  return Object.fromEntries(names.map((name) => [name, wrap(schemaOf(SETTINGS[name]))]));
}

/** All settings, each optional. */
export const optionalSettings = shapeOf(SETTING_NAMES, (schema) => schema.optional()) as OptionalShape;

/** The settings as they are described: all but the webhook. */
export const describedSettings = shapeOf(PLAIN_NAMES, (schema) => schema) as Pick<SettingShape, PlainName>;
