export type Order = "fifo" | "lifo" | "priority";

/** What can be configured of a queue. What is not given stays as it is. */
export interface QueueOptions {
  /** How many messages may wait (visible or delayed) before `put` waits or throws `Full`. Default 0: no bound. */
  maxSize?: number | undefined;
  /** How long a lease lasts when `receive` does not say: 1 to 43,200. Default 30. */
  leaseSeconds?: number | undefined;
  /**
   * In which order messages are handed out. Default `fifo`; `priority` hands out the lowest number first and is FIFO
   * among equals. Can be changed only while the queue holds nothing: else `configure` throws `OrderConflict`.
   */
  order?: Order | undefined;
}

/** A queue's configuration and counts. */
export interface QueueDescription {
  name: string;
  order: Order;
  /** 0 for no bound. */
  maxSize: number;
  leaseSeconds: number;
  /** `draining`: refuses puts, and receives once it holds nothing. `immediate`: refuses both and holds nothing. */
  shutdown: "none" | "draining" | "immediate";
  paused: { puts: boolean; receives: boolean };
  /** Messages that a receive may take now. */
  visible: number;
  /** Messages that wait for their time. */
  delayed: number;
  /** Messages that somebody has received and not acked yet. */
  leased: number;
  /** Put and not yet done: what `join` waits for. */
  unfinished: number;
  /** Messages ever put. accepted = visible + delayed + leased + done + purged. */
  accepted: number;
  /** Messages removed because they were acked or taken. */
  done: number;
  purged: number;
  /** The age of the oldest message; 0 when there is none. */
  oldestSeconds: number;
  storageBytes: number;
  /** What Cloudflare would bill as rows written since the queue was created. */
  rowsWritten: number;
}
