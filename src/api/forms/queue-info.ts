import type { Consumer } from "../schema/queues.ts";

/** Facts about the queue that its state machine does not know. */
export interface QueueInfo {
  readonly name: string;
  readonly storageBytes: number;
  readonly rowsWritten: number;
  /** How many sockets are connected. */
  readonly connected: number;
  /** Those of them that consume, the oldest first, at most `CONSUMERS_SHOWN_MAX`. */
  readonly consumers: readonly Consumer[];
}
