/** A queue as all its levels show it: the core, its Durable Object, HTTP and the client. */
import type {
  JobReply,
  MessageView,
  PutRequest,
  QueueDescription,
  ReceivedMessage,
  ReplyOf,
  RequestOf,
} from "../../../src/api/types.ts";

export type NewMessage = PutRequest["messages"][number];
export type Received = ReceivedMessage & { receipt: string };

/** One queue, of its own for each test. What is refused rejects with an error that has the problem's `code`. */
export interface Driver {
  readonly name: string;
  configure(settings: RequestOf<"configure">): Promise<QueueDescription>;
  describe(): Promise<QueueDescription>;
  put(messages: NewMessage[], options?: { timeoutSeconds?: number; key?: string }): Promise<string[]>;
  receive(request?: Omit<RequestOf<"receive">, "autoAck">): Promise<Received[]>;
  /** Takes the next message for good, as Python's `get_nowait`: it stays unfinished. */
  take(): Promise<unknown>;
  /** Each answers with how many of the receipts were not stale. */
  ack(receipts: string[], results?: unknown[]): Promise<number>;
  retry(receipts: string[], options?: Omit<RequestOf<"retry">, "receipts">): Promise<number>;
  reject(receipts: string[], error?: RequestOf<"reject">["error"]): Promise<number>;
  release(receipts: string[], options?: { delaySeconds?: number }): Promise<number>;
  extend(receipts: string[], leaseSeconds?: number): Promise<number>;
  done(count?: number): Promise<void>;
  join(timeoutSeconds?: number): Promise<boolean>;
  list(state?: MessageView["state"]): Promise<ReplyOf<"messages">["messages"]>;
  peek(id: string): Promise<MessageView>;
  change(id: string, changes: Omit<RequestOf<"change">, "id">): Promise<MessageView>;
  promote(id: string): Promise<MessageView>;
  cancel(id: string): Promise<void>;
  /** One step of it. */
  redrive(options?: RequestOf<"redrive">): Promise<number>;
  purge(only?: "dead" | "finished"): Promise<number>;
  result(id: string, timeoutSeconds?: number): Promise<JobReply>;
  /** All pages. */
  jobs(request?: Omit<RequestOf<"jobs">, "cursor">): Promise<JobReply[]>;
  progress(receipt: string, progress: unknown): Promise<ReplyOf<"progress">>;
  announce(tasks: RequestOf<"announce">["tasks"]): Promise<void>;
  tasks(): Promise<RequestOf<"announce">["tasks"]>;
  shutdown(immediate?: boolean): Promise<void>;
  pause(only?: "puts" | "receives"): Promise<void>;
  resume(only?: "puts" | "receives"): Promise<void>;
  delete(): Promise<void>;
}

/** One of the levels on which a queue can be used. */
export interface Level {
  queue(): Driver;
  /** Lets time pass, at the server too. */
  pass(seconds: number): Promise<void>;
  /** Waits until a call that waits has arrived. */
  arrival(queue: Driver): Promise<void>;
}

/** A queue in which what failed is visible again at once, and not after a delay. */
export async function immediate(level: Level): Promise<Driver> {
  const queue = level.queue();
  await queue.configure({ retryDelaySeconds: 0 });
  return queue;
}

/** What a refused call rejects with. */
export class Refused extends Error {
  readonly code: string;

  constructor(code: string, detail: string) {
    super(`${code}: ${detail}`);
    this.code = code;
  }
}

/** Bodies as messages. */
export function messagesOf(...bodies: unknown[]): NewMessage[] {
  return bodies.map((body) => ({ body }));
}

export function bodiesOf(messages: { body?: unknown }[]): unknown[] {
  return messages.map(({ body }) => body);
}

export function receiptsOf(messages: Received[]): string[] {
  return messages.map(({ receipt }) => receipt);
}
