/** A JSON Schema as people write such a value: { url: string, width?: number }. */

type Schema = Readonly<Record<string, unknown>>;

/** Schemas in schemas that are shown. */
const DEPTH_MAX = 4;

/** The form of the values that fit a schema, in short. */
export function schemaText(schema: unknown, depth = 0): string {
  if (!isObject(schema) || depth > DEPTH_MAX) return "…";
  const { type, enum: values, const: constant, anyOf, oneOf, items, properties, required } = schema;
  if (constant !== undefined) return JSON.stringify(constant);
  if (Array.isArray(values)) return values.map((value) => JSON.stringify(value)).join(" | ");
  const choices = anyOf ?? oneOf;
  if (Array.isArray(choices)) return choices.map((each) => schemaText(each, depth + 1)).join(" | ");
  if (type === "array") return `[${items === undefined ? "…" : schemaText(items, depth + 1)}]`;
  if (type === "object" || properties !== undefined) return objectText(properties, required, depth);
  if (Array.isArray(type)) return type.join(" | ");
  return typeof type === "string" ? type : "…";
}

function objectText(properties: unknown, required: unknown, depth: number): string {
  const members = Object.entries(isObject(properties) ? properties : {}).map(([name, each]) => {
    const isRequired = Array.isArray(required) && required.includes(name);
    return `${name}${isRequired ? "" : "?"}: ${schemaText(each, depth + 1)}`;
  });
  return members.length === 0 ? "{ … }" : `{ ${members.join(", ")} }`;
}

function isObject(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
