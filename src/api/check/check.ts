/** Checks a request against its schema: each field at fault is named, with the rule that it breaks. */
import * as z from "zod";
import { checkSizes } from "./check-sizes.ts";
import { FAULTS_NAMED_MAX, Faults, pathText } from "./faults.ts";
import { isWrongType, ruleOf, unknownField } from "./rules.ts";
import { fieldsOf, schemaAt } from "./schema-fields.ts";

/** Workers refuse code that is made from strings. Said with each check: zod's own configuration is not the server's alone. */
const WITHOUT_CODE = { jitless: true } as const;

const NO_FIELDS: ReadonlySet<string> = new Set();

/**
 * Checks a value against its schema.
 *
 * @param root the path of the value, empty for a whole request
 * @throws {ProblemError} `invalid`, with the first faults, at most `FAULTS_NAMED_MAX`, and how many more there are
 */
export function check<Schema extends z.ZodType>(schema: Schema, value: unknown, root = ""): z.output<Schema> {
  checkSizes(schema, value, root);
  const checked = schema.safeParse(value, WITHOUT_CODE);
  if (checked.success) return checked.data;
  const faults = new Faults();
  for (const issue of checked.error.issues) addFaults(faults, issue, { schema, value, root });
  throw faults.problem();
}

interface Checked {
  schema: z.ZodType;
  value: unknown;
  root: string;
}

function addFaults(faults: Faults, issue: z.core.$ZodIssue, { schema, value, root }: Checked): void {
  const { path } = issue;
  const inside = issue.code === "invalid_union" ? issue.errors.find((issues) => !issues.some(isWrongType)) : undefined;
  if (inside !== undefined) {
    // Of a value that may be of several types, the faults of the type that it has.
    for (const fault of inside)
      addFaults(faults, { ...fault, path: [...path, ...fault.path] }, { schema, value, root });
    return;
  }
  if (issue.code !== "unrecognized_keys") {
    faults.add(() => ({
      path: pathText(path, root),
      message: ruleOf(issue, schemaAt(schema, path), valueAt(value, path)),
    }));
    return;
  }
  faults.hasUnknownFields = true;
  const object = schemaAt(schema, path);
  const known = object instanceof z.ZodObject ? fieldsOf(object).names : NO_FIELDS;
  for (const key of issue.keys.slice(0, FAULTS_NAMED_MAX)) {
    faults.add(() => ({ path: pathText([...path, key], root), message: unknownField(key, known) }));
  }
  faults.addUnnamed(Math.max(0, issue.keys.length - FAULTS_NAMED_MAX));
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const part of path) value = (value as Record<PropertyKey, unknown> | null | undefined)?.[part];
  return value;
}
