import { type InputIssue, InvalidInput, InvalidOutput, pathText } from "../base/job-errors.ts";
import type { SchemaIssue, StandardSchemaV1 } from "../tasks/standard-schema.ts";

/** So many issues are in the message of an error. */
const ISSUES_SHOWN_MAX = 5;

/** What a schema makes of a value, or why the value does not fit it. */
type Checked = { readonly value: unknown } | { readonly issues: readonly InputIssue[] };

/** Checks a value with a schema; without one everything fits. */
export async function checked(schema: StandardSchemaV1 | undefined, value: unknown): Promise<Checked> {
  if (schema === undefined) return { value };
  const result = await schema["~standard"].validate(value);
  return result.issues === undefined ? { value: result.value } : { issues: result.issues.map(issueOf) };
}

/** The same for an input as it has arrived: one that was undefined has travelled as null. */
export async function checkedInput(schema: StandardSchemaV1 | undefined, item: unknown): Promise<Checked> {
  const asSent = await checked(schema, item);
  if (item !== null || !("issues" in asSent)) return asSent;
  const asUndefined = await checked(schema, undefined);
  return "issues" in asUndefined ? asSent : asUndefined;
}

/**
 * The error for an input that does not fit.
 *
 * @param what the input, in a sentence: `The input of the task resize`
 */
export function invalidInput(what: string, task: string, queue: string, issues: readonly InputIssue[]): InvalidInput {
  return new InvalidInput(`${what} does not fit its schema: ${issuesText(issues)}`, { task, issues, queue });
}

/** The error for an output that does not fit. */
export function invalidOutput(task: string, queue: string, issues: readonly InputIssue[]): InvalidOutput {
  return new InvalidOutput(`The result of the task ${task} does not fit its output: ${issuesText(issues)}`, { queue });
}

function issuesText(issues: readonly InputIssue[]): string {
  const shown = issues.slice(0, ISSUES_SHOWN_MAX).map(({ path, message }) => {
    const text = message.replace(/\.$/, "");
    return path.length === 0 ? text : `${pathText(path)}: ${text}`;
  });
  const more = issues.length > ISSUES_SHOWN_MAX ? `; and ${issues.length - ISSUES_SHOWN_MAX} more` : "";
  return `${shown.join("; ")}${more}.`;
}

function issueOf({ message, path = [] }: SchemaIssue): InputIssue {
  return { message, path: path.map((part) => (typeof part === "object" ? part.key : part)) };
}
