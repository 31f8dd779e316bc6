/**
 * Checks how much there is before the schema checks what it is: the schema would describe each of a million unknown
 * fields, and each element of a list that is too long, before one of them is reported.
 */
import * as z from "zod";
import { Faults, pathText } from "./faults.ts";
import { fieldsLeftOut } from "./parse-json.ts";
import { invalid, type ProblemError } from "./problem-error.ts";
import { tooManyElements, unknownField } from "./rules.ts";
import { fieldsOf, isLeaf, unwrapped } from "./schema-fields.ts";

/** Unknown fields of one object up to which the schema describes them, together with its other faults. */
const UNKNOWN_FIELDS_MAX = 100;

/**
 * @throws {ProblemError} `invalid`, for the first object with more than `UNKNOWN_FIELDS_MAX` unknown fields, or for the
 * first list that is too long
 */
export function checkSizes(schema: z.core.$ZodType, value: unknown, root: string): void {
  checkAt(schema, value, root, []);
}

/** Visits only what the schema describes: the inside of a message's body is not a part of the request. */
function checkAt(wrapped: z.core.$ZodType, value: unknown, root: string, path: readonly PropertyKey[]): void {
  const schema = unwrapped(wrapped);
  if (schema instanceof z.ZodArray) {
    if (Array.isArray(value)) checkArray(schema, value, root, path);
  } else if (schema instanceof z.ZodObject && typeof value === "object" && value !== null && !Array.isArray(value)) {
    checkObject(schema, value as Record<string, unknown>, root, path);
  }
}

function checkArray(schema: z.ZodArray, value: unknown[], root: string, path: readonly PropertyKey[]): void {
  const maximum = maximumOf(schema);
  if (value.length > maximum) throw invalid(pathText(path, root), tooManyElements(maximum));
  if (isLeaf(schema.element)) return;
  for (const [index, element] of value.entries()) checkAt(schema.element, element, root, [...path, index]);
}

function maximumOf(schema: z.ZodArray): number {
  for (const { _zod } of schema.def.checks ?? []) {
    if (_zod.def.check === "max_length") return (_zod.def as z.core.$ZodCheckMaxLengthDef).maximum;
  }
  return Number.POSITIVE_INFINITY;
}

function checkObject(
  schema: z.ZodObject,
  value: Record<string, unknown>,
  root: string,
  path: readonly PropertyKey[],
): void {
  const { names, branches } = fieldsOf(schema);
  let unknown = 0;
  for (const field in value) if (!names.has(field)) unknown += 1;
  if (unknown > UNKNOWN_FIELDS_MAX) throw unknownFields(value, names, root, path);
  for (const [field, branch] of branches) checkAt(branch, value[field], root, [...path, field]);
}

function unknownFields(
  value: object,
  names: ReadonlySet<string>,
  root: string,
  path: readonly PropertyKey[],
): ProblemError {
  const faults = new Faults();
  faults.hasUnknownFields = true;
  for (const field in value) {
    if (names.has(field)) continue;
    faults.add(() => ({ path: pathText([...path, field], root), message: unknownField(field, names) }));
  }
  faults.addUnnamed(fieldsLeftOut(value));
  return faults.problem();
}
