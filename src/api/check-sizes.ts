/**
 * Looks at how much there is before anything looks at what it is: the schema would describe each of a million unknown
 * fields, and each element of a list that is too long, before one of them is reported.
 */
import * as z from "zod";
import { Faults, pathText } from "./faults.ts";
import { fieldsLeftOut } from "./parse-json.ts";
import type { ProblemError } from "./problem-error.ts";

/** Unknown fields of one object up to which the schema describes them, together with its other faults. */
const UNKNOWN_FIELDS_MAX = 100;

/** Throws a problem for the first object with far too many unknown fields, and for the first list that is too long. */
export function checkSizes(schema: z.core.$ZodType, value: unknown, root: string): void {
  checkAt(schema, value, root, []);
}

/** Goes only where the schema goes: what is in a message's body is not a part of the request. */
function checkAt(schema: z.core.$ZodType, value: unknown, root: string, path: readonly PropertyKey[]): void {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) {
    checkAt(schema.unwrap(), value, root, path);
  } else if (schema instanceof z.ZodArray) {
    if (Array.isArray(value)) checkArray(schema, value, root, path);
  } else if (schema instanceof z.ZodObject && typeof value === "object" && value !== null && !Array.isArray(value)) {
    checkObject(schema, value as Record<string, unknown>, root, path);
  }
}

function checkArray(schema: z.ZodArray, value: unknown[], root: string, path: readonly PropertyKey[]): void {
  const maximum = maximumOf(schema);
  if (value.length > maximum) {
    const faults = new Faults();
    faults.add(() => ({ path: pathText(path, root), message: `expected array to have <=${maximum} items` }));
    throw faults.problem();
  }
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
  for (const field in value) {
    if (names.has(field)) continue;
    faults.add(() => ({ path: pathText([...path, field], root), message: "is not a known field" }));
  }
  faults.addUnnamed(fieldsLeftOut(value));
  return faults.problem();
}

interface Fields {
  names: ReadonlySet<string>;
  /** Those into which there is something to go. Most fields are text, numbers, or lists of them. */
  branches: readonly [string, z.core.$ZodType][];
}

const FIELDS = new WeakMap<z.ZodObject, Fields>();

/** Every request is looked at, so what is known of a schema is found once. */
function fieldsOf(schema: z.ZodObject): Fields {
  const known = FIELDS.get(schema);
  if (known !== undefined) return known;
  const branches = Object.entries(schema.shape).filter(([, field]) => !isLeaf(field));
  const fields = { names: new Set(Object.keys(schema.shape)), branches };
  FIELDS.set(schema, fields);
  return fields;
}

function isLeaf(schema: z.core.$ZodType): boolean {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) {
    return isLeaf(schema.unwrap());
  }
  return !(schema instanceof z.ZodArray || schema instanceof z.ZodObject);
}
