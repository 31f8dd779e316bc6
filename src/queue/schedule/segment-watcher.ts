import type { Segment } from "../store/segment.ts";

/** Is called when messages of segments appear and when they are all gone. */
export interface SegmentWatcher {
  /** The segment may have a message that became visible. */
  becameVisible(segment: Segment): void;
  /** The segment has no messages any more. */
  finished(segment: Segment): void;
}
