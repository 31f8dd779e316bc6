import type { DirectoryObject } from "./object/directory-object.ts";
import type { QueueObject } from "./object/queue-object.ts";

/** What the Worker is given: see wrangler.toml. */
export interface Env {
  /** One object per queue, by the queue's name. */
  QUEUE: DurableObjectNamespace<QueueObject>;
  /** One object that knows the names of all queues. */
  DIRECTORY: DurableObjectNamespace<DirectoryObject>;
  /** The secret that every request must present. While it is not set, every request is refused. */
  AUTHKEY?: string;
  /** Puts are refused while a queue's database is larger. Default 9,000,000,000. */
  STORAGE_BYTES_MAX?: string | null;
}

/** The directory is asked only when a queue is created or deleted and when queues are listed. */
export function directoryOf(env: Env): DurableObjectStub<DirectoryObject> {
  return env.DIRECTORY.getByName("directory");
}
