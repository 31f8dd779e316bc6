/** Short, so that what a killed program had comes back while the test runs. */
export const LEASE_SECONDS = 2;

/** Where the server is. */
interface Place {
  address: string;
  authkey: string;
}

/** What a worker of the test is told. */
export interface WorkerSettings extends Place {
  /** Child processes. */
  processes: number;
}

/** What the master of the test is told. */
export interface MasterSettings extends WorkerSettings {
  /** Where its results go. */
  file: string;
  items: number;
  chunkSize: number;
}
