import type { JobReply } from "../../../src/api/types.ts";

/** Is told of one job. */
export interface JobListener {
  /** Whether it needs to hear of more than the end. */
  readonly wantsAll: boolean;
  /** What the job is now. After its end nothing follows. */
  heard(job: JobReply): void;
  /** Nothing more is known of the job. Nothing follows. */
  failed(error: unknown): void;
}

/** A job that is watched, by one listener or more. */
export class WatchedJob {
  readonly id: string;
  readonly listeners = new Set<JobListener>();
  /** What was last heard of it. */
  view: JobReply | undefined;
  /** Whether a call is under way that asks for it. */
  isAsked = false;
  /** Whether the server was asked to tell of more than its end. */
  hasEvents = false;

  constructor(id: string) {
    this.id = id;
  }

  /** Whether a listener needs to hear of more than the end. */
  get wantsAll(): boolean {
    for (const { wantsAll } of this.listeners) if (wantsAll) return true;
    return false;
  }
}
