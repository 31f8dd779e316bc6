import type { Configuration } from "../queue/base/configuration.ts";
import type { Submit } from "./settlements.ts";
import type { PushTarget } from "./target.ts";

/** What the pump knows of its queue, after each commit batch. */
export interface PushedQueue {
  readonly exists: boolean;
  readonly configuration: Configuration;
  /** How many messages are visible or delayed. */
  readonly waiting: number;
}

/** What the pump does through the object of its queue. */
export interface PumpHost {
  readonly name: string;
  /** The size of the database, in bytes. */
  readonly storageBytes: number;
  /** Where messages are pushed to under this configuration; the same object for as long as that does not change. */
  targetOf(configuration: Configuration): PushTarget | undefined;
  /** Submits commands together. The answers come when they are stored. Returns their request ids. */
  submit: Submit;
  /** Keeps the object in memory until this has ended. */
  keepAlive(work: Promise<void>): void;
  /** Tells the operator that nothing can be delivered. */
  log(message: string): void;
}
