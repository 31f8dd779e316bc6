import { afterEach, expect } from "vitest";
import type { Handler, Message, Queue, QueueOptions, Worker, WorkOptions } from "../../../worker-client/src/index.ts";
import { freshName, type TestServer } from "../server.ts";

/** Something that a test lets happen. */
export class Gate {
  readonly passed: Promise<void>;
  open = () => {};

  constructor() {
    this.passed = new Promise((open) => {
      this.open = open;
    });
  }
}

/** The numbers from 0 up to, and without, `end`. */
export function numbers(end: number): number[] {
  return Array.from({ length: end }, (_, number) => number);
}

/** What is in some messages. */
export function itemsOf<Item>(messages: readonly Message<Item>[]): Item[] {
  return messages.map(({ item }) => item);
}

/** A new queue of a server, in which what failed comes back at once unless the options say otherwise. */
export async function impatientQueue<Item>(server: TestServer, options: QueueOptions): Promise<Queue<Item>> {
  const queue = server.manager().queue<Item>(freshName());
  await queue.configure({ retryDelaySeconds: 0, ...options });
  return queue;
}

/** For a handler that is meant to fail: without it the error would be printed. */
export function unreported(): void {}

/** How many messages of a queue are leased, to be compared with what it will be. */
export function leasedOf(queue: Pick<Queue, "describe">) {
  return expect.poll(async () => (await queue.describe()).leased);
}

type Work = <Item>(queue: Queue<Item>, handler: Handler<Item>, options?: WorkOptions) => Worker;

/** Begins workers that are closed after each test. To be called once, outside of the tests of a file. */
export function closedWorkers(): Work {
  const workers: Worker[] = [];
  afterEach(async () => {
    await Promise.allSettled(workers.splice(0).map((worker) => worker.close()));
  });
  return (queue, handler, options) => {
    const worker = queue.work(handler, options);
    workers.push(worker);
    return worker;
  };
}
