/** What the schema of a request says about its structure. */
import * as z from "zod";

/** The fields of an object. */
interface Fields {
  names: ReadonlySet<string>;
  /** Fields that contain objects or lists of objects. Most fields are text, numbers, or lists of them. */
  branches: readonly [string, z.core.$ZodType][];
}

const FIELDS = new WeakMap<z.ZodObject, Fields>();

/** Every request needs these, so they are computed once per schema. */
export function fieldsOf(schema: z.ZodObject): Fields {
  const known = FIELDS.get(schema);
  if (known !== undefined) return known;
  const branches = Object.entries(schema.shape).filter(([, field]) => !isLeaf(field));
  const fields = { names: new Set(Object.keys(schema.shape)), branches };
  FIELDS.set(schema, fields);
  return fields;
}

/** The schema without "optional", "nullable" and "default" around it. One of several types stands for the object among them. */
export function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodUnion) return schema.options.find((option) => option instanceof z.ZodObject) ?? schema;
  const isWrapper =
    schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault;
  return isWrapper ? unwrapped(schema.unwrap()) : schema;
}

/** Whether there is nothing inside that has fields or a bound of its own. */
export function isLeaf(schema: z.core.$ZodType): boolean {
  const inner = unwrapped(schema);
  return !(inner instanceof z.ZodArray || inner instanceof z.ZodObject);
}

/** The schema of the value at a path, unwrapped; undefined if the path leads out of the schema. */
export function schemaAt(root: z.core.$ZodType, path: readonly PropertyKey[]): z.core.$ZodType | undefined {
  let schema: z.core.$ZodType | undefined = unwrapped(root);
  for (const part of path) {
    if (schema instanceof z.ZodArray) schema = unwrapped(schema.element);
    else if (schema instanceof z.ZodObject && typeof part === "string") {
      const field: z.core.$ZodType | undefined = schema.shape[part];
      schema = field === undefined ? undefined : unwrapped(field);
    } else return undefined;
  }
  return schema;
}
