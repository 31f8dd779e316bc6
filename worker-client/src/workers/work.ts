import type { QueueError } from "../base/errors.ts";
import type { Crash } from "../events/worker-events.ts";
import type { Message } from "../message/message.ts";
import type { Handler } from "./run-handler.ts";

/** What a worker is told by its work. */
export interface WorkEvents {
  /** `capacity` is another one now. */
  changed(): void;
  /** Nothing can be worked on: the worker ends, and its `finished` rejects with this. */
  failed(error: QueueError): void;
  /** A thread or process ended without being told to. */
  crashed(crash: Crash): void;
}

/** What a worker does with its messages. */
export interface Work {
  handler: Handler<unknown>;
  /**
   * How long the handler of a message may take; undefined for no limit. Default: as the worker's options say.
   *
   * @param ofWorker what these say
   */
  timeoutSecondsOf?(message: Message<unknown>, ofWorker: number | undefined): number | undefined;
  /** Called for each connection on which messages are pushed, when it is open. */
  connected?(): void;
  /** How many messages handlers can have at the same time, now. Undefined: the worker's `concurrency`, always. */
  readonly capacity?: number;
  /** How much work may wait in the worker, in milliseconds of handlers. Undefined: as for any worker. */
  readonly waitingMs?: number | undefined;
  /** Called once, before the worker asks for messages. */
  start?(events: WorkEvents): void;
  /** Called when the worker takes nothing more: no other handler begins. */
  stop?(): void;
  /** Ends what it has started: no handler is waited for any more. The worker has ended when this is fulfilled. */
  end?(): Promise<void>;
}
