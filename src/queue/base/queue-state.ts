import type { Configuration } from "./configuration.ts";

/** What a queue is at the moment, beside its messages and what waits. Shared by all parts of a queue. */
export interface QueueState {
  /** False until the first put or configuration: until then nothing is stored. */
  exists: boolean;
  configuration: Configuration;
  /** Set while no more can be stored: puts are refused then, and everything else goes on. */
  isStorageFull: boolean;
  /** Whether a consumer is called with the messages, so that the queue wakes by itself while it has some. */
  isConsumed: boolean;
  /** False while nothing may be handed out to receivers that wait. They go on waiting. */
  mayHandOut: boolean;
}
