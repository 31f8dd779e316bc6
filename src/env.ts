/** What the Worker is given: its bindings and variables, see wrangler.toml. */
import type { DirectoryCalls } from "./api/directory-calls.ts";
import type { QueueCalls } from "./api/object-calls.ts";

export interface Env {
  /** One object per queue, by the queue's name. */
  QUEUE: DurableObjectNamespace;
  /** One object that holds the names of all queues. */
  DIRECTORY: DurableObjectNamespace<DirectoryCalls>;
  /** The secret that every request must present. While it is not set, every request is refused. */
  AUTHKEY?: string;
  /**
   * Puts are refused while a queue's database is larger: a whole number of bytes, in digits. While it is anything else,
   * every request is refused. Default 900,000,000.
   */
  STORAGE_BYTES_MAX?: string | null;
  /** Only on a local server: `GET http://status/disk-nearly-full` is answered 200 while the disk is nearly full, else 404. */
  HOST_STATUS?: Fetcher;
}

/**
 * The object of one partition of a queue: today every queue has one, partition 0, which has the name of the queue. Calls
 * of objects come through here alone, so that a queue may have several.
 */
export function queueOf(env: Env, queue: string, partition = 0): QueueCalls {
  // The platform's type of a stub leaves out calls whose replies may hold any JSON value.
  return env.QUEUE.getByName(partition === 0 ? queue : `${queue}/${partition}`) as unknown as QueueCalls;
}

/** The directory is asked when a queue is created or deleted, for names that are not known, and for lists of queues. */
export function directoryOf(env: Env): DurableObjectStub<DirectoryCalls> {
  return env.DIRECTORY.getByName("directory");
}
