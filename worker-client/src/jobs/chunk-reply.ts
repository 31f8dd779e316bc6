/** The place of an input in its chunk, as the key of an object. */
const PLACE = /^\d{1,9}$/;

/** What was thrown for one input of a chunk, as text. */
export interface ItemError {
  name: string;
  message: string;
  stack?: string | undefined;
}

/** The result of a chunk: a job with several inputs of its task. */
export interface ChunkReply {
  /** In the order of the inputs; null at the place of an error. */
  results: unknown[];
  /** By the places of the inputs whose handler threw, or whose result is none. */
  errors?: Record<string, ItemError>;
  /** The worker has stopped before the input at this place, because the results were many bytes. */
  next?: number;
}

/**
 * The result of a job as that of a chunk; undefined if it is none.
 *
 * @param count how many inputs the chunk has
 */
export function chunkReplyOf(result: unknown, count: number): ChunkReply | undefined {
  if (!isObject(result)) return undefined;
  const { results, errors, next } = result;
  const isWhole = next === undefined;
  if (!isWhole && !(Number.isInteger(next) && (next as number) > 0 && (next as number) < count)) return undefined;
  const ended = isWhole ? count : (next as number);
  if (!Array.isArray(results) || results.length !== ended) return undefined;
  return errors === undefined || areErrors(errors, ended) ? (result as unknown as ChunkReply) : undefined;
}

function areErrors(errors: unknown, count: number): boolean {
  if (!isObject(errors)) return false;
  return Object.entries(errors).every(([place, error]) => PLACE.test(place) && Number(place) < count && isError(error));
}

function isError(error: unknown): boolean {
  if (!isObject(error)) return false;
  const { name, message, stack } = error;
  return typeof name === "string" && typeof message === "string" && (stack === undefined || typeof stack === "string");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
