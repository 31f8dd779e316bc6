/** Errors on their way between a worker and what runs its handlers. */
import { QueueError } from "../base/errors.ts";
import { errorOfCode } from "../base/problem-errors.ts";
import { type ErrorParts, errorParts, withParts } from "../message/error-parts.ts";

/** What was thrown, as JSON. */
export interface SentError {
  parts: ErrorParts;
  /** The code of an error of this package. */
  code?: string | undefined;
  /** The code of another error, as those of Node have one. */
  otherCode?: string | undefined;
  queue?: string | undefined;
  status?: number | undefined;
}

/** Errors of wrong arguments, which callers tell from others by their classes. */
const CLASSES: Readonly<Record<string, new (message: string) => Error>> = { TypeError, RangeError };

/** Never throws, whatever was thrown. */
export function sentError(error: unknown): SentError {
  const parts = errorParts(error);
  try {
    if (error instanceof QueueError) return { parts, code: error.code, queue: error.queue, status: error.status };
    const { code } = (error instanceof Error ? error : {}) as { code?: unknown };
    return typeof code === "string" ? { parts, otherCode: code } : { parts };
  } catch {
    return { parts };
  }
}

/** The error again. What was thrown and was no error is a text. */
export function receivedError({ parts, code, otherCode, queue, status }: SentError): unknown {
  if (typeof parts === "string") return parts;
  const error = code === undefined ? otherError(parts) : errorOfCode(code, parts.message, { queue, status });
  if (otherCode !== undefined) Object.assign(error, { code: otherCode });
  const head = parts.message === "" ? parts.name : `${parts.name}: ${parts.message}`;
  error.stack = parts.stack === undefined ? head : `${head}\n${parts.stack}`;
  return withParts(error, parts);
}

function otherError({ name, message }: Exclude<ErrorParts, string>): Error {
  const error = new (CLASSES[name] ?? Error)(message);
  if (error.name !== name) Object.defineProperty(error, "name", { value: name, configurable: true, writable: true });
  return error;
}
