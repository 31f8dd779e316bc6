// So that the declarations can be used where `Symbol.asyncDispose` is not among the libraries.
/// <reference lib="esnext.disposable" preserve="true" />
/**
 * Named task queues that survive a crash: the Node client of a durable-queue server.
 *
 * @example
 * const manager = new QueueManager({ address: "http://127.0.0.1:8787", authkey: "abc" });
 * await manager.queue<number>("task_queue").put(7);
 */

export type { CallOptions } from "./base/check-options.ts";
export type { WaitOptions } from "./base/deadline.ts";
export type { Diagnostics, MessageDiagnostics } from "./base/diagnostics.ts";
export {
  Closed,
  DoneTooOften,
  Empty,
  type FieldError,
  Forbidden,
  Full,
  IdempotencyKeyReused,
  Invalid,
  NotWaiting,
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
} from "./base/errors.ts";
export {
  type InputIssue,
  InvalidInput,
  InvalidOutput,
  JobCancelled,
  JobFailed,
  Timeout,
} from "./base/job-errors.ts";
export { ProcessDied } from "./base/process-died.ts";
export type {
  ChangeOptions,
  MessagesOptions,
  PauseOptions,
  PurgeOptions,
  RedriveOptions,
  ShutdownOptions,
} from "./calls/admin-options.ts";
export type { ItemOptions, PutManyOptions, PutOptions } from "./calls/put-options.ts";
export type { GetOptions, JoinOptions, Queue, ReceiveOptions } from "./calls/queue.ts";
export type { QueueAdmin } from "./calls/queue-admin.ts";
export type {
  Consumer,
  ListedQueue,
  Order,
  PushDescription,
  QueueCounts,
  QueueDescription,
  QueueOptions,
} from "./calls/queue-description.ts";
export type { JobsOptions } from "./calls/queue-jobs.ts";
export { QueueManager, type QueueManagerOptions, type QueueNamesOptions } from "./calls/queue-manager.ts";
export type { SubmitManyOptions, SubmitOptions, TaskCalls, TaskClient } from "./calls/task-client.ts";
export type { LogDetails, Logger } from "./events/log.ts";
export type { Crash, WorkerEvents } from "./events/worker-events.ts";
export type { Isolation, IsolationOptions, TaskWorkOptions } from "./isolation/isolation-options.ts";
export type { AnnouncedTask } from "./jobs/announcement.ts";
export { asCompleted, type GatherOptions, gather } from "./jobs/as-completed.ts";
export type { Endable } from "./jobs/endable.ts";
export type { ResultOptions } from "./jobs/ended-job.ts";
export type { Job } from "./jobs/job.ts";
export type { JobError, JobEvent, JobState, JobStatus } from "./jobs/job-status.ts";
export type { DeadLetter } from "./message/dead-letter.ts";
export type { Message } from "./message/message.ts";
export type { AckOptions, RejectOptions, ReleaseOptions, RetryOptions } from "./message/message-options.ts";
export type { DeathReason, MessageState, MessageView } from "./message/message-view.ts";
export type { AsyncResult, CallbackOptions } from "./pools/async-result.ts";
export type { Executor, ExecutorShutdownOptions } from "./pools/executor.ts";
export type { Future } from "./pools/future.ts";
export type { Inputs } from "./pools/input-reader.ts";
export type { InputArguments, Pool } from "./pools/pool.ts";
export type { PoolIterator } from "./pools/pool-iterator.ts";
export type {
  ExecutorMapOptions,
  ImapOptions,
  MapAsyncOptions,
  MapOptions,
  PoolOptions,
} from "./pools/pool-options.ts";
export { type WaitForOptions, wait } from "./pools/wait.ts";
export type { GetResultOptions, TimeoutOptions } from "./pools/wait-end.ts";
export type { Handler } from "./workers/run-handler.ts";
export type { CloseOptions, WorkOptions } from "./workers/work-options.ts";
export type { Worker } from "./workers/worker.ts";
