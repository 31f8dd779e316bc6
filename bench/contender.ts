// What the benchmark asks of a queue, so that all of them do the same work.

/** The queues of every scenario. A server has them when its start is over. */
export const QUEUES = ["tasks", "results"] as const;
export type QueueName = (typeof QUEUES)[number];

/** One client, used as the documentation of its queue recommends for speed with safety. */
export interface Connection {
  /** Puts one message; kept when it is confirmed. */
  put(queue: QueueName, body: string): Promise<unknown>;
  /** Puts all, in bulk where there is such a thing; kept when all are confirmed. */
  putAll(queue: QueueName, bodies: readonly string[]): Promise<unknown>;
  /** Hands messages to the handler and acks each once the handler's promise is kept. Kept when it listens. */
  consume(queue: QueueName, handle: (body: string) => Promise<void>): Promise<void>;
  /** Submits jobs, in bulk where there is such a thing; kept when all are stored, with a way to await each one's result. */
  submitAll?(inputs: readonly string[]): Promise<readonly SubmittedJob[]>;
  /** Runs jobs, each of whose results is what the promise is kept with. Kept when it listens. */
  serve?(run: (input: string) => Promise<string>): Promise<void>;
  /** Starts a pool for one task; kept when its processes or threads are ready, with undefined where it has no chunks. */
  pool?(options: PoolOptions): Promise<BenchPool | undefined>;
  /** One more receive that waits on this connection; only ours. */
  wait?(queue: QueueName): void;
}

/** A job that is stored. */
interface SubmittedJob {
  /** Kept when it is done. */
  result(): Promise<string>;
}

/** What pools do with each input: `square` is next to no work. */
export type PoolTask = "square" | "queens";

export interface PoolOptions {
  task: PoolTask;
  /** Processes or threads. They end with the process that has started them. */
  processes: number;
  /** How inputs are given out: in chunks of the size that the contender chooses, or each alone. */
  by: "chunk" | "item";
}

export interface BenchPool {
  /** The results for all inputs, in their order. */
  map(inputs: readonly number[]): Promise<readonly number[]>;
}

/** What a hosted server would charge for, beside what it writes. */
interface Sent {
  httpCalls: number;
  frames: number;
}

export interface RunningServer {
  /** What `connect` needs, in any process of this machine. */
  address: string;
  /** The process whose memory and processor time are the server's. */
  pid: number;
  stop(): Promise<void>;
  /** Since the start, in all queues; where that is what costs. */
  rowsWritten?(): Promise<number>;
}

/** What has to be on the machine: a program, and the Debian package that has it. */
interface Requirement {
  program: string;
  debianPackage: string;
}

export interface Contender {
  name: string;
  /** What pictures call it. */
  title: string;
  /** What is stored when a put is confirmed, in a few words. */
  durability: string;
  /** Whether a put is confirmed after its fsync only, so that no power cut takes it back. */
  isDurable: boolean;
  requires?: Requirement;
  /** Scenarios in which it does not take part. */
  without?: readonly string[];
  /** Scenarios in which alone it takes part. */
  only?: readonly string[];
  version(): Promise<string>;
  /** Starts a server on 127.0.0.1 that keeps its data in the directory, and waits until it answers. */
  start(directory: string): Promise<RunningServer>;
  connect(address: string): Promise<Connection>;
  /** What this process has sent until now, where that is what costs. */
  sent?(): Sent;
  /** The program that plays the roles, for what has no client in Node; called as `roles/main.ts` is. */
  player?(): readonly string[];
}
