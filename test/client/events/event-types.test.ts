/** Listeners are typed by the event: wrong names and wrong listeners do not compile. Nothing here runs. */
import { expect, expectTypeOf, test } from "vitest";
import type {
  Crash,
  DeathReason,
  Diagnostics,
  Logger,
  Message,
  Queue,
  QueueError,
  Worker,
  WorkerEvents,
} from "../../../worker-client/src/index.ts";

/** What loggers of pino have for each level. */
interface PinoLogFn {
  <Value, Text extends string = string>(
    object: Value,
    message?: Value extends string ? never : Text,
    ...values: unknown[]
  ): void;
  <_, Text extends string = string>(message: Text, ...values: unknown[]): void;
}

/** What loggers of winston have for each level. */
interface WinstonLogFn {
  (message: string, callback: () => void): unknown;
  (message: string, meta: unknown, callback: () => void): unknown;
  (message: string, ...meta: unknown[]): unknown;
  (message: unknown): unknown;
  (infoObject: object): unknown;
}

declare function loggerOf<LogFn>(): { debug: LogFn; info: LogFn; warn: LogFn; error: LogFn; level: string };
declare const queue: Queue<{ to: string }>;

/** Only compiled. */
function _typed(): void {
  const worker = queue.work(async ({ item }) => item.to.length);
  expectTypeOf(worker).toEqualTypeOf<Worker<{ to: string }, number>>();
  worker.on("completed", ({ message, result, seconds }) => {
    expectTypeOf(message).toEqualTypeOf<Message<{ to: string }>>();
    expectTypeOf(result).toEqualTypeOf<number>();
    expectTypeOf(seconds).toEqualTypeOf<number>();
  });
  worker.once("dead", ({ error, reason }) => {
    expectTypeOf(error).toEqualTypeOf<unknown>();
    expectTypeOf(reason).toEqualTypeOf<DeathReason>();
  });
  worker.on("lost", ({ error, cancelled }) => {
    expectTypeOf(error).toEqualTypeOf<QueueError>();
    expectTypeOf(cancelled).toEqualTypeOf<boolean>();
  });
  worker.on("crashed", (crash) => {
    expectTypeOf(crash).toEqualTypeOf<Crash>();
  });
  worker.on("error", async ({ message }) => {
    expectTypeOf(message).toEqualTypeOf<Message<{ to: string }> | undefined>();
  });
  expectTypeOf(queue.work(({ item }) => item.to)).toEqualTypeOf<Worker<{ to: string }, string>>();
  const listener = ({ message }: WorkerEvents<{ to: string }>["started"]) => message.item.to;
  worker.on("started", listener).off("started", listener);

  // @ts-expect-error An event that there is not.
  worker.on("complete", () => undefined);
  // @ts-expect-error A field that the event does not have.
  worker.on("started", ({ result }) => result);
  // @ts-expect-error A listener of another event.
  worker.on("started", ({ seconds }: WorkerEvents["completed"]) => seconds);
  // @ts-expect-error The item has no such field.
  worker.on("failed", ({ message }) => message.item.subject);
  // @ts-expect-error A message need not be there.
  worker.on("error", ({ message }) => message.id);

  const any: Worker = worker;
  any.on("completed", ({ result }) => expectTypeOf(result).toEqualTypeOf<unknown>());

  queue.work(() => undefined, { logger: console });
  queue.work(() => undefined, { logger: loggerOf<PinoLogFn>() });
  queue.work(() => undefined, { logger: loggerOf<WinstonLogFn>() });
  const own: Logger = { ...console, info: (text, { id, task }) => console.log(text, id, task) };
  queue.work(() => undefined, { logger: own });
  // @ts-expect-error A logger without levels.
  queue.work(() => undefined, { logger: { log: console.log } });
}

test("what is published has a type for each channel", () => {
  expectTypeOf<Diagnostics["durable-queue:put"]>().toEqualTypeOf<{ queue: string; count: number }>();
  expectTypeOf<keyof WorkerEvents>().toEqualTypeOf<
    "started" | "completed" | "failed" | "retrying" | "dead" | "lost" | "crashed" | "error"
  >();
  expectTypeOf<`durable-queue:${keyof WorkerEvents}`>().toExtend<keyof Diagnostics>();
  expect(_typed).toBeTypeOf("function");
});
