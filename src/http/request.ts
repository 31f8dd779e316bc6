/** From an HTTP request to values that were checked: everything that can be wrong with a request is found here. */
import type { Context } from "hono";
import type * as z from "zod";
import { REQUEST_BYTES_MAX } from "../contract/limits.ts";
import type { FieldError } from "../contract/problems.ts";
import { idempotencyKey, queueName } from "../contract/schema.ts";
import { ProblemError } from "./problem.ts";

/** Checks a value against its schema. Throws a problem that names each field at fault and the rule it breaks. */
export function check<Schema extends z.ZodType>(schema: Schema, value: unknown, root = ""): z.output<Schema> {
  const checked = schema.safeParse(value);
  if (checked.success) return checked.data;
  const errors = checked.error.issues.flatMap((issue) => fieldErrors(issue, root));
  const [first] = errors;
  throw new ProblemError("invalid", `${first?.path || "The body"} ${first?.message}.`, errors);
}

/** The queue's name in the path. */
export function queueNameOf(c: Context): string {
  return check(queueName, c.req.param("queue"), "queue");
}

export function idempotencyKeyOf(c: Context): string | undefined {
  const key = c.req.header("Idempotency-Key");
  return key === undefined ? undefined : check(idempotencyKey, key, "Idempotency-Key");
}

/** Reads the body as JSON and checks it. An empty body stands for `{}`. */
export async function bodyOf<Schema extends z.ZodType>(c: Context, schema: Schema): Promise<z.output<Schema>> {
  const text = await readText(c.req.raw);
  if (text === "") return check(schema, {});
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const message = `must be JSON: ${error instanceof Error ? error.message : String(error)}`;
    throw new ProblemError("invalid", `The body ${message}`, [{ path: "", message }]);
  }
  return check(schema, value);
}

/** Counts the bytes that come in and not what the sender says of them, so that no request can fill the memory. */
async function readText(request: Request): Promise<string> {
  if (request.body === null) return "";
  const tooLarge = () => new ProblemError("too_large", `A request has at most ${REQUEST_BYTES_MAX} bytes.`);
  if (Number(request.headers.get("Content-Length") ?? 0) > REQUEST_BYTES_MAX) throw tooLarge();
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  let text = "";
  let bytes = 0;
  try {
    for await (const chunk of request.body) {
      bytes += chunk.byteLength;
      if (bytes > REQUEST_BYTES_MAX) throw tooLarge();
      text += decoder.decode(chunk, { stream: true });
    }
    return text + decoder.decode();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new ProblemError("invalid", "The body must be UTF-8.", [{ path: "", message: "must be UTF-8" }]);
  }
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
