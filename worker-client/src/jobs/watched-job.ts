import type { JobView } from "../base/job-wire.ts";

/** Is told of one job. */
export interface JobListener {
  /** Whether it needs to hear of more than the end. */
  readonly wantsAll: boolean;
  /** What the job is now. After its end nothing follows. */
  heard(job: JobView): void;
  /** Nothing more is known of the job. Nothing follows. */
  failed(error: unknown): void;
}

/** A job that is watched, by one listener or more. */
export class WatchedJob {
  readonly id: string;
  readonly listeners = new Set<JobListener>();
  /** What was last heard of it. */
  view: JobView | undefined;
  /** Whether a call is under way that asks for it. */
  isAsked = false;

  constructor(id: string) {
    this.id = id;
  }

  /** Whether a listener needs to hear of more than the end. */
  get wantsAll(): boolean {
    for (const { wantsAll } of this.listeners) if (wantsAll) return true;
    return false;
  }
}
