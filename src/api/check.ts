/** Holds what was sent against its schema: each field at fault is named, with the rule that it breaks. */
import type * as z from "zod";
import { checkSizes } from "./check-sizes.ts";
import { FAULTS_NAMED_MAX, Faults, pathText } from "./faults.ts";

/**
 * Checks a value against its schema. Throws a problem that names the first fields at fault, at most
 * `FAULTS_NAMED_MAX`, with the rules that they break, and says how many more there are.
 */
export function check<Schema extends z.ZodType>(schema: Schema, value: unknown, root = ""): z.output<Schema> {
  checkSizes(schema, value, root);
  const checked = schema.safeParse(value);
  if (checked.success) return checked.data;
  const faults = new Faults();
  for (const issue of checked.error.issues) addFaults(faults, issue, root);
  throw faults.problem();
}

function addFaults(faults: Faults, issue: z.core.$ZodIssue, root: string): void {
  if (issue.code !== "unrecognized_keys") {
    faults.add(() => ({ path: pathText(issue.path, root), message: ruleOf(issue) }));
    return;
  }
  for (const key of issue.keys.slice(0, FAULTS_NAMED_MAX)) {
    faults.add(() => ({ path: pathText([...issue.path, key], root), message: "is not a known field" }));
  }
  faults.addUnnamed(Math.max(0, issue.keys.length - FAULTS_NAMED_MAX));
}

/** The rule, without the library's usual opening words. */
function ruleOf(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type") {
    if (issue.expected === "int") return "must be an integer";
    return `must be ${/^[aeiou]/.test(issue.expected) ? "an" : "a"} ${issue.expected}`;
  }
  return issue.message.replace(/^(Invalid input|Invalid string|Too big|Too small): /, "");
}
