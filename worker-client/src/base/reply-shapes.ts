import type { ReceivedMessage } from "../../../src/api/types.ts";

/** Whether this is a message as it is handed out. */
export function isReceived(value: unknown): value is ReceivedMessage {
  return isObject(value) && isText(value.id) && isOptionalText(value.receipt) && typeof value.attempt === "number";
}

/** Whether this is an object and no array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether this is a string. */
export function isText(value: unknown): value is string {
  return typeof value === "string";
}

/** Whether this is an array of such entries. */
export function isListOf<Entry>(value: unknown, isEntry: (entry: unknown) => entry is Entry): value is Entry[] {
  return Array.isArray(value) && value.every(isEntry);
}

function isOptionalText(value: unknown): value is string | undefined {
  return value === undefined || isText(value);
}
