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
