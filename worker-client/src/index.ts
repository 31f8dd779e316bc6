// So that the declarations can be used where `Symbol.asyncDispose` is not among the libraries.
/// <reference lib="esnext.disposable" preserve="true" />
/**
 * Named task queues that survive a crash: the Node client of a durable-queue server.
 *
 * @example
 * const manager = new QueueManager({ address: "http://127.0.0.1:8787", authkey: "abc" });
 * await manager.queue<number>("task_queue").put(7);
 */

export type {
  MessagesOptions,
  PauseOptions,
  PurgeOptions,
  RedriveOptions,
  ShutdownOptions,
} from "./admin-options.ts";
export type { DeadLetter, DeathReason } from "./dead-letter.ts";
export type { WaitOptions } from "./deadline.ts";
export {
  Closed,
  DoneTooOften,
  Empty,
  type FieldError,
  Full,
  IdempotencyKeyReused,
  Invalid,
  OrderConflict,
  Paused,
  QueueError,
  type QueueErrorCode,
  ShutDown,
  StorageFull,
  TooLarge,
  Unauthorized,
  Unavailable,
  UnknownMessage,
  UnknownQueue,
} from "./errors.ts";
export type { Message, RejectOptions, RetryOptions } from "./message.ts";
export type { MessageState, MessageView } from "./message-view.ts";
export type { OperatedQueue } from "./operated-queue.ts";
export type { CallOptions } from "./options.ts";
export type { ItemOptions, PutManyOptions, PutOptions } from "./put-options.ts";
export type { GetOptions, JoinOptions, Queue, ReceiveOptions } from "./queue.ts";
export type { Order, QueueDescription, QueueOptions } from "./queue-description.ts";
export { QueueManager, type QueueManagerOptions, type QueueNamesOptions } from "./queue-manager.ts";
export type { Handler } from "./run.ts";
export type { CloseOptions, WorkOptions } from "./work-options.ts";
export type { Worker } from "./worker.ts";
