/**
 * Every problem that the server can answer with. Callers branch on `code`, which never changes.
 *
 * A 4xx means that the request was certainly not applied. A 5xx means that the outcome is unknown: send the request
 * again, a put under the same `Idempotency-Key`. With `overloaded` and `version_mismatch` it was
 * certainly not applied, and sending it again helps. With `storage_full`, `damaged`, `newer_data`, `no_authkey` and `misconfigured` the
 * request was certainly not applied, and sending it again at once does not help.
 */
export const PROBLEMS = {
  invalid: { status: 400, title: "The request breaks a rule" },
  unauthorized: { status: 401, title: "The authkey is missing or wrong" },
  forbidden: { status: 403, title: "The key does not allow this" },
  not_found: { status: 404, title: "There is no such endpoint" },
  unknown_queue: { status: 404, title: "The queue does not exist" },
  unknown_message: { status: 404, title: "The message is not in the queue" },
  full: { status: 409, title: "The queue is full" },
  not_waiting: { status: 409, title: "The message is not waiting" },
  paused: { status: 409, title: "Puts are paused" },
  order_conflict: { status: 409, title: "The queue holds messages in another order" },
  done_too_often: { status: 409, title: "More messages were reported done than are unfinished" },
  shut_down: { status: 410, title: "The queue was shut down" },
  too_large: { status: 413, title: "The request is too large" },
  idempotency_key_reused: { status: 422, title: "The idempotency key was used for another request" },
  upgrade_required: { status: 426, title: "The endpoint is a WebSocket" },
  too_many_waits: { status: 429, title: "Too many operations of the connection wait" },
  storage_full: { status: 507, title: "The queue's storage is full, or nearly so" },
  damaged: { status: 500, title: "The queue's stored data is damaged" },
  internal: { status: 500, title: "The server failed" },
  unavailable: { status: 503, title: "The queue cannot be reached", retryAfterSeconds: 1 },
  version_mismatch: {
    status: 503,
    title: "The parts of the server are of different versions",
    retryAfterSeconds: 1,
  },
  overloaded: { status: 503, title: "The queue has more requests than it can serve", retryAfterSeconds: 1 },
  no_authkey: { status: 503, title: "The server has no authkey" },
  newer_data: { status: 503, title: "The queue was stored by a newer build of the server" },
  misconfigured: { status: 503, title: "The server's configuration is wrong" },
} as const satisfies Record<string, { status: number; title: string; retryAfterSeconds?: number }>;

export type ProblemCode = keyof typeof PROBLEMS;

/** One rule that the request breaks. `path` names the field, as in `messages[2].delaySeconds`. */
export interface FieldError {
  path: string;
  message: string;
}

/** The body of every response that is not a success, as `application/problem+json` (RFC 9457). */
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: ProblemCode;
  detail: string;
  /** Present when the code is `invalid`. */
  errors?: FieldError[];
  /** Present when the code is `unknown_message`, in answers about jobs: whether the queue had the message. */
  expired?: boolean;
  /** Present if sending the request again helps: after this time. Over HTTP also in the header `Retry-After`. */
  retryAfterSeconds?: number;
}
