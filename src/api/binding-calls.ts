/** The calls by which a Worker uses queues without HTTP: its own server's, or those of a `QueueService` that it is bound to. */
import type { Reply } from "./reply.ts";

/** What belongs to a request beside its fields. It says nothing of who asks. */
export interface AskOptions {
  /** As the header `Idempotency-Key` over HTTP. */
  idempotencyKey?: string | undefined;
  /** Identifies the wait of a request that waits, for `abandon`: random. */
  waitId?: string | undefined;
}

/** A page of the list of queues, as in the query of `GET /v1/queues`. */
export interface ListRequest {
  prefix?: string | undefined;
  cursor?: string | undefined;
  limit?: number | undefined;
}

export interface BindingCalls {
  /**
   * Takes a request of any verb that needs no socket. The promise resolves when the outcome is known and durable, and
   * rejects only if the platform fails.
   *
   * @param request JSON text
   */
  ask(queue: string, verb: string, request: string, options?: AskOptions): Promise<Reply>;
  /** Ends the wait of a request whose caller has left: it is answered as if it had timed out. */
  abandon(queue: string, waitId: string): Promise<void>;
  /** A page of the list of queues. */
  list(request: ListRequest): Promise<Reply>;
}
