import { QUEUE_NAME_PATTERN } from "../../../src/contract/limits.ts";
import { shown } from "../base/check-options.ts";

/**
 * The name of a queue, checked: URLs would resolve "." and "..", so not every bad name would come to be refused by the
 * server. Throws a `RangeError` for one that breaks the rule.
 */
export function checkedQueueName(name: unknown): string {
  if (typeof name === "string" && QUEUE_NAME_PATTERN.test(name)) return name;
  const rule = "1 to 128 of A-Z a-z 0-9 . _ -, the first a letter or a digit";
  throw new RangeError(`The name of a queue must be ${rule}, not ${shown(name)}.`);
}
