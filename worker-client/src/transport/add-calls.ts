import { BATCH_MESSAGES_MAX } from "../../../src/contract/limits.ts";
import type { FrameWriter } from "./frame-writer.ts";
import type { PendingCall } from "./pending-call.ts";

/** How calls are written: which may wait, and how puts share an operation. */
export interface CallsPolicy {
  /** Whether it may wait at the server; takes the place there. */
  mayWait(pending: PendingCall): boolean;
  /** The lines of puts that share an operation. */
  batch(puts: readonly PendingCall[]): string[];
}

/** Writes calls in their order. Small puts next to each other share an operation. */
export function addCalls(writer: FrameWriter, calls: readonly PendingCall[], { mayWait, batch }: CallsPolicy): void {
  let puts: PendingCall[] = [];
  const addOne = (pending: PendingCall) => writer.add(pending.takeLines(mayWait(pending)));
  const addPuts = () => {
    if (puts.length > 1) writer.add(batch(puts));
    else for (const put of puts) addOne(put);
    puts = [];
  };
  for (const pending of calls) {
    if (!pending.canBatch || puts.length === BATCH_MESSAGES_MAX) addPuts();
    if (pending.canBatch) puts.push(pending);
    else addOne(pending);
  }
  addPuts();
}
