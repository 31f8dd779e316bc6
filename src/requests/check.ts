/** Holds what was sent against its schema: each field at fault is named, with the rule that it breaks. */
import type * as z from "zod";
import type { FieldError } from "../contract/problems.ts";
import { ProblemError } from "./problem.ts";

/** Checks a value against its schema. Throws a problem that names each field at fault and the rule it breaks. */
export function check<Schema extends z.ZodType>(schema: Schema, value: unknown, root = ""): z.output<Schema> {
  const checked = schema.safeParse(value);
  if (checked.success) return checked.data;
  const errors = checked.error.issues.flatMap((issue) => fieldErrors(issue, root));
  const [first] = errors;
  throw new ProblemError("invalid", `${first?.path || "The body"} ${first?.message}.`, errors);
}

function fieldErrors(issue: z.core.$ZodIssue, root: string): FieldError[] {
  const path = pathText(issue.path, root);
  if (issue.code !== "unrecognized_keys") return [{ path, message: ruleOf(issue) }];
  return issue.keys.map((key) => ({ path: pathText([...issue.path, key], root), message: "is not a known field" }));
}

/** `messages[2].delaySeconds` */
function pathText(path: PropertyKey[], root: string): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? String(part) : `${text}.${String(part)}`;
  }, root);
}

/** The rule, without the library's usual opening words. */
function ruleOf(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type") {
    if (issue.expected === "int") return "must be an integer";
    return `must be ${/^[aeiou]/.test(issue.expected) ? "an" : "a"} ${issue.expected}`;
  }
  return issue.message.replace(/^(Invalid input|Invalid string|Too big|Too small): /, "");
}
