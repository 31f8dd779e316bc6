import * as z from "zod";
import {
  CHUNK_HEADER,
  CHUNK_PATTERN,
  HEADER_NAME_PATTERN,
  HEADER_NAME_RESERVED,
  HEADERS_BYTES_MAX,
  HEADERS_MAX,
  TASK_HEADER,
  TASK_NAME_PATTERN,
} from "../../contract/limits.ts";
import { utf8Bytes } from "../../queue/base/bytes.ts";

/** The headers of a message: text by name. `traceparent` and `tracestate` are those of W3C Trace Context,
 * `dq-task` is the name of the task that the message is a job of, and `dq-chunk` the number of inputs in its body, a JSON
 * array, where that is several inputs of the task. */
export const headers: z.ZodType<Record<string, string>, Record<string, string>> = z
  .custom<Record<string, string>>()
  .superRefine((value, context) => {
    const fault = faultOf(value);
    if (fault !== undefined) context.addIssue({ code: "custom", message: fault });
  });

/** The first rule that headers break; it looks at no more entries than there may be. */
function faultOf(headers: unknown): string | undefined {
  if (typeof headers !== "object" || headers === null || Array.isArray(headers)) return "must be an object";
  let count = 0;
  let bytes = 0;
  for (const name in headers) {
    count += 1;
    if (count > HEADERS_MAX) return `must have at most ${HEADERS_MAX} entries`;
    const value: unknown = (headers as Record<string, unknown>)[name];
    if (!HEADER_NAME_PATTERN.test(name)) return "must have names of 1 to 64 of a-z 0-9 and -";
    if (name.startsWith(HEADER_NAME_RESERVED) && name !== TASK_HEADER && name !== CHUNK_HEADER) {
      return `must have no name that begins with ${HEADER_NAME_RESERVED}, but for ${TASK_HEADER} and ${CHUNK_HEADER}`;
    }
    if (typeof value !== "string") return `must have text as the value of ${name}`;
    if (name === TASK_HEADER && !TASK_NAME_PATTERN.test(value)) {
      return `must have the name of a task as ${TASK_HEADER}: 1 to 64 of A-Z a-z 0-9 . _ -, the first a letter or a digit`;
    }
    if (name === CHUNK_HEADER && (!CHUNK_PATTERN.test(value) || !(TASK_HEADER in headers))) {
      return `must have a number of inputs as ${CHUNK_HEADER}, from 1 to 999999999, and ${TASK_HEADER} with it`;
    }
    bytes += name.length + utf8Bytes(value);
  }
  return bytes > HEADERS_BYTES_MAX ? `must have at most ${HEADERS_BYTES_MAX} bytes together` : undefined;
}
