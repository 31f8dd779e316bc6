/**
 * Queues in the memory of one process, with the calls of `durable-queue`: for tests of producers and handlers, in virtual
 * time if they like, and for tasks that need not outlive the process.
 */
export type { ConsumerBatch, ConsumerMessage } from "../push/batch.ts";
export type { BatchConsumer, TaskConsumer } from "../push/consumer.ts";
export type { MemoryConsumer } from "./memory-consumer.ts";
export {
  type IdleOptions,
  MemoryManager,
  type MemoryManagerOptions,
  type MemoryQueueNamesOptions,
} from "./memory-manager.ts";
