import { BATCH_MESSAGES_MAX } from "../../../src/contract/limits.ts";
import type { Outbox } from "./frame-writer.ts";
import type { PendingCall } from "./pending-call.ts";

export interface Departure {
  /** Whether it may wait at the server; takes the place there. */
  mayWait(pending: PendingCall): boolean;
  /** The lines of puts that share an operation. */
  share(puts: readonly PendingCall[]): string[];
}

/** Adds calls to what is sent, in their order. Small puts that stand together share an operation. */
export function addCalls(outbox: Outbox, calls: readonly PendingCall[], { mayWait, share }: Departure): void {
  let puts: PendingCall[] = [];
  const addOne = (pending: PendingCall) => outbox.add(pending.takeLines(mayWait(pending)));
  const addPuts = () => {
    if (puts.length > 1) outbox.add(share(puts));
    else for (const put of puts) addOne(put);
    puts = [];
  };
  for (const pending of calls) {
    if (!pending.mayShare || puts.length === BATCH_MESSAGES_MAX) addPuts();
    if (pending.mayShare) puts.push(pending);
    else addOne(pending);
  }
  addPuts();
}
