import type { QueueInfo } from "../api/forms/queue-info.ts";
import type { Sessions } from "../socket/sessions.ts";

/** What a description has beside what the queue knows. It is worked out only when the queue is described. */
export function queueInfoOf(
  name: string,
  storage: { readonly bytes: number; readonly rowsWritten: number },
  sessions: Sessions,
  pump: { readonly view: QueueInfo["push"] },
): QueueInfo {
  return {
    name,
    get storageBytes() {
      return storage.bytes;
    },
    get rowsWritten() {
      return storage.rowsWritten;
    },
    get connected() {
      return sessions.size;
    },
    get push() {
      return pump.view;
    },
    get consumers() {
      return sessions.consumers();
    },
  };
}
