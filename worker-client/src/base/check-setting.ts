import { SETTINGS } from "../../../src/contract/settings.ts";
import { checkNumber } from "./check-options.ts";

/** The settings that are numbers. */
type NumberName = {
  [Name in keyof typeof SETTINGS]: (typeof SETTINGS)[Name] extends { min: number } ? Name : never;
}[keyof typeof SETTINGS];

/** Throws a `TypeError` or a `RangeError` for a value that a setting of the interface cannot have. */
export function checkSetting(name: NumberName, value: unknown): unknown {
  const { kind, min, max } = SETTINGS[name];
  const isOff = "isOptional" in SETTINGS[name] && value === 0;
  if (!isOff) checkNumber(name, value, { min, max, isInteger: kind === "integer" });
  return value;
}
