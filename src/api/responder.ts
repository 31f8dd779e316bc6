import type { Result } from "../queue/base/commands.ts";
import type { QueueInfo } from "./forms/queue-info.ts";

/** Receives the results of its commands. */
export interface Responder {
  /** Takes the result of a command. It is sent when the commit batch is stored. */
  answer(requestId: number, result: Result, queueInfo: QueueInfo): void;
  /** Whether the connection is so far behind with reading that its commands are held back. */
  readonly isBehind?: boolean;
}
