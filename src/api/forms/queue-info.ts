import type { PushSettings } from "../../contract/push-settings.ts";
import type { Consumer } from "../schema/queues.ts";

/** What there is to say of a queue's push consumer. */
export interface PushView extends Partial<PushSettings> {
  kind: "worker" | "webhook";
  /** Of a webhook: where it is. */
  url?: string | undefined;
  /** How many batches are handled now. */
  inFlight: number;
  state: "running" | "waiting" | "stopped";
  resumesAt?: number | undefined;
  detail?: string | undefined;
}

/** Facts about the queue that its state machine does not know. */
export interface QueueInfo {
  readonly name: string;
  readonly storageBytes: number;
  readonly rowsWritten: number;
  /** How many sockets are connected. */
  readonly connected: number;
  /** Those of them that consume, the oldest first, at most `CONSUMERS_SHOWN_MAX`. */
  readonly consumers: readonly Consumer[];
  /** Null without one. */
  readonly push: PushView | null;
}

/** Those of a queue of which nothing is stored, and of one in the memory of a process. */
export function infoWithoutStorage(name: string): QueueInfo {
  return { name, storageBytes: 0, rowsWritten: 0, connected: 0, consumers: [], push: null };
}
