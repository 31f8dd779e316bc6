/** The rules of schemas in words. Each continues a sentence that begins with the path of a field. */
import * as z from "zod";

/** Letters by which two names may differ to be taken for one another. */
const SIMILAR_LETTERS_MAX = 2;

/** Longer names are not compared: no field has one. */
const SIMILAR_CHARACTERS_MAX = 40;

/** Shorter beginnings of a name do not suggest it. */
const PREFIX_CHARACTERS_MIN = 3;

/** Article and name of each JSON type, as zod calls it. `nonoptional` is a field that may have any value. */
const TYPES: Record<string, string> = {
  array: "an array",
  boolean: "a boolean",
  int: "an integer",
  nonoptional: "a JSON value",
  number: "a number",
  object: "an object",
  string: "a string",
};

/**
 * The rule that a value breaks.
 *
 * @param schema the schema of the value, unwrapped; undefined if it is not known
 * @param value the value that breaks the rule; undefined if the field is missing
 */
export function ruleOf(issue: z.core.$ZodIssue, schema: z.core.$ZodType | undefined, value: unknown): string {
  const isInteger = schema instanceof z.ZodNumber && schema.isInt;
  switch (issue.code) {
    case "invalid_type": {
      const type = isInteger ? TYPES.int : (TYPES[issue.expected] ?? issue.expected);
      if (value === undefined) return `is missing; it must be ${type}`;
      return `must be ${value === Number.POSITIVE_INFINITY ? "a finite number" : type}`;
    }
    case "too_small":
      return `must ${boundOf(issue.origin, isInteger, "at least", Number(issue.minimum))}`;
    case "too_big":
      return `must ${boundOf(issue.origin, isInteger, "at most", Number(issue.maximum))}`;
    case "invalid_value": {
      const [only, ...others] = issue.values;
      return others.length === 0 ? `must be ${String(only)}` : `must be one of ${issue.values.join(", ")}`;
    }
    case "invalid_union":
      return `must be ${issue.errors.flatMap((issues) => issues.flatMap(wrongType)).join(" or ")}`;
    default:
      // The schemas of this interface have sentences of their own for their patterns and refinements.
      return issue.message;
  }
}

/** The type that a whole value does not have, in words. */
function wrongType(issue: z.core.$ZodIssue): string[] {
  return isWrongType(issue) ? [TYPES[issue.expected] ?? issue.expected] : [];
}

/** Whether a value as a whole has the wrong type, so that nothing can be said of what is inside. */
export function isWrongType(issue: z.core.$ZodIssue): issue is z.core.$ZodIssueInvalidType {
  return issue.code === "invalid_type" && issue.path.length === 0;
}

function boundOf(origin: string, isInteger: boolean, comparison: string, bound: number): string {
  if (origin === "array") return elementsRule(comparison, bound);
  if (origin === "string") return `have ${comparison} ${bound} ${bound === 1 ? "character" : "characters"}`;
  return `be ${isInteger ? "an integer" : "a number"} of ${comparison} ${bound}`;
}

function elementsRule(comparison: string, bound: number): string {
  return `have ${comparison} ${bound} ${bound === 1 ? "element" : "elements"}`;
}

/** The rule of a list that is too long. */
export function tooManyElements(maximum: number): string {
  return `must ${elementsRule("at most", maximum)}`;
}

/** The rule of a field that is not in its schema, with the field that was probably meant, or with all there are. */
export function unknownField(field: string, known: ReadonlySet<string>): string {
  const similar = [...known].find((name) => areSimilar(field.toLowerCase(), name.toLowerCase()));
  if (similar !== undefined) return `is not a field of this request; did you mean ${similar}?`;
  if (known.size === 0) return "is not a field of this request, which has no fields";
  return `is not a field of this request; its fields are ${[...known].join(", ")}`;
}

function areSimilar(field: string, name: string): boolean {
  if (field.length > SIMILAR_CHARACTERS_MAX) return false;
  const isPrefix = field.length >= PREFIX_CHARACTERS_MIN && name.startsWith(field);
  // In a short name two letters are most of it.
  const lettersMax = Math.min(SIMILAR_LETTERS_MAX, Math.floor((2 * name.length) / 5));
  return isPrefix || lettersThatDiffer(field, name) <= lettersMax;
}

/** Levenshtein's distance. */
function lettersThatDiffer(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
