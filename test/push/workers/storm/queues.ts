/** What a message of the storm says. */
export interface Body {
  n: number;
  /** Whether each attempt at it fails. */
  isPoison: boolean;
}

/** How long a handler may take, in seconds: messages of a handler that is gone come back soon. */
export const TIMEOUT_SECONDS = 1;

/** The consumers of the storm, by their queues. */
export const QUEUES = {
  plain: { batchSize: 10, concurrency: 5, timeoutSeconds: TIMEOUT_SECONDS },
  groups: { batchSize: 10, concurrency: 5, timeoutSeconds: TIMEOUT_SECONDS },
  filled: { batchSize: 50, batchWaitSeconds: 0.2, concurrency: 2, timeoutSeconds: TIMEOUT_SECONDS },
  idle: { timeoutSeconds: TIMEOUT_SECONDS },
} as const;

export type QueueName = keyof typeof QUEUES;

/** How a handler ends: it returns, throws, retries its batch, hangs until its time is over, or never ends. */
export type Ending = "returns" | "throws" | "retries" | "hangs" | "never";

/** What handlers and objects tell the notebook, which is outside of the server. */
export type Note =
  /** An object was loaded. */
  | { kind: "loaded"; queue: string }
  /** A handler was given these messages. It is answered with the number of the note, which is the handler's. */
  | { kind: "began"; queue: string; ending: Ending; messages: { n: number; attempt: number; group: string | null }[] }
  /** It has decided this, and ends at once unless it hangs. */
  | { kind: "decided"; handler: number; acked: number[]; retried: number[] };
