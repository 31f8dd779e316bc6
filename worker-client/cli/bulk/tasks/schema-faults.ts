/**
 * Checks a value with a JSON Schema, as far as that is simple: what the schema says in other words is left to the worker,
 * which checks the input with the schema itself.
 */

type Schema = Readonly<Record<string, unknown>>;

/** Schemas in schemas that are looked into: more deeply nothing is checked. */
const DEPTH_MAX = 16;

/** What of a value does not fit a schema: each a part of a sentence, as "url must be a string". */
export function schemaFaults(schema: unknown, value: unknown): string[] {
  return faultsAt(schema, value, "", 0);
}

function faultsAt(schema: unknown, value: unknown, path: string, depth: number): string[] {
  if (schema === false) return [`${nameOf(path)} must be left out`];
  if (!isObject(schema) || depth > DEPTH_MAX) return [];
  const wrongType = typeFault(schema, value, path);
  if (wrongType !== undefined) return [wrongType];
  return [
    ...valueFaults(schema, value, path),
    ...(isObject(value) ? memberFaults(schema, value, path, depth) : []),
    ...(Array.isArray(value) ? itemFaults(schema, value, path, depth) : []),
  ];
}

function typeFault({ type }: Schema, value: unknown, path: string): string | undefined {
  const types: unknown[] = Array.isArray(type) ? type : type === undefined ? [] : [type];
  if (types.length === 0 || types.some((each) => typeof each !== "string" || hasType(each, value))) return undefined;
  return `${nameOf(path)} must be ${types.map((each) => TYPE_NAMES[String(each)]).join(" or ")}`;
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  ...{ string: "a text", number: "a number", integer: "a whole number", boolean: "true or false", null: "null" },
  ...{ array: "a list", object: "an object" },
};

/** A type that there is not fits. */
function hasType(type: string, value: unknown): boolean {
  switch (type) {
    case "integer":
      return Number.isInteger(value);
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value);
    case "object":
      return isObject(value);
    default:
      return !(type in TYPE_NAMES) || typeof value === type;
  }
}

function valueFaults(schema: Schema, value: unknown, path: string): string[] {
  const { enum: values, const: constant } = schema;
  const isAmong = (each: unknown) => JSON.stringify(each) === JSON.stringify(value);
  if (Array.isArray(values) && !values.some(isAmong)) {
    return [`${nameOf(path)} must be ${values.map((each) => JSON.stringify(each)).join(" or ")}`];
  }
  if (constant !== undefined && !isAmong(constant)) return [`${nameOf(path)} must be ${JSON.stringify(constant)}`];
  const faults: string[] = [];
  const compare = (rule: string, size: unknown, isMin: boolean, unit = "") => {
    const bound = schema[rule];
    if (typeof bound !== "number" || typeof size !== "number" || (isMin ? size >= bound : size <= bound)) return;
    faults.push(
      `${nameOf(path)} must ${unit === "" ? "be" : "have"} ${isMin ? "at least" : "at most"} ${bound}${unit}`,
    );
  };
  compare("minimum", value, true);
  compare("maximum", value, false);
  const characters = typeof value === "string" ? [...value].length : undefined;
  compare("minLength", characters, true, " characters");
  compare("maxLength", characters, false, " characters");
  const items = Array.isArray(value) ? value.length : undefined;
  compare("minItems", items, true, " items");
  compare("maxItems", items, false, " items");
  return faults;
}

function memberFaults(schema: Schema, value: Schema, path: string, depth: number): string[] {
  const { required, properties = {}, additionalProperties, patternProperties } = schema;
  const known = isObject(properties) ? properties : {};
  const missing = (Array.isArray(required) ? required : []).filter((name) => !Object.hasOwn(value, String(name)));
  const isClosed = additionalProperties === false && patternProperties === undefined;
  const unknown = isClosed ? Object.keys(value).filter((name) => !Object.hasOwn(known, name)) : [];
  const wrong = Object.entries(known).flatMap(([name, each]) =>
    Object.hasOwn(value, name) ? faultsAt(each, value[name], memberOf(path, name), depth + 1) : [],
  );
  return [
    ...missing.map((name) => `${memberOf(path, String(name))} is missing`),
    ...unknown.map((name) => `${memberOf(path, name)} is unknown`),
    ...wrong,
  ];
}

function itemFaults({ items, prefixItems }: Schema, value: readonly unknown[], path: string, depth: number): string[] {
  if (prefixItems !== undefined || items === undefined) return [];
  return value.flatMap((each, index) => faultsAt(items, each, `${path}[${index}]`, depth + 1));
}

function memberOf(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

function nameOf(path: string): string {
  return path === "" ? "it" : path;
}

function isObject(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
