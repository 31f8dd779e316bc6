import type { ProblemCode } from "../contract/problems.ts";
import type { Delivery, Description, Result, View } from "../queue/base/commands.ts";
import { valuesOf } from "../queue/base/configuration.ts";

/** The reply of a queue's object: the JSON text of a success, ready to send, or why the command was refused. */
export type Reply =
  | { ok: true; json: string }
  | { ok: false; code: ProblemCode; detail: string; path?: string | undefined };

/** Facts about the queue that its state machine does not know. */
export interface QueueInfo {
  readonly name: string;
  readonly storageBytes: number;
  readonly rowsWritten: number;
}

/** @param storage is read only when the queue is described, because its size is a query */
export function queueInfoOf(name: string, storage: { bytes: number; rowsWritten: number }): QueueInfo {
  return {
    name,
    get storageBytes() {
      return storage.bytes;
    },
    get rowsWritten() {
      return storage.rowsWritten;
    },
  };
}

/** The result in the form of the interface: times in seconds, not milliseconds. */
export function replyOf(result: Result, queueInfo: QueueInfo): Reply {
  if (result.verb === "refused") {
    return { ok: false, code: result.code, detail: result.detail, path: result.path };
  }
  return { ok: true, json: jsonOf(result, queueInfo) };
}

function jsonOf(result: Exclude<Result, { verb: "refused" }>, queueInfo: QueueInfo): string {
  switch (result.verb) {
    case "put":
      return JSON.stringify({ ids: result.ids, duplicates: result.duplicates });
    case "receive":
      return receiveJson(result.deliveries);
    case "push":
      return `[${result.deliveries.map(deliveryJson).join(",")}]`;
    case "subscribe": {
      const { credit, leaseMs, time } = result;
      return JSON.stringify({ credit, leaseSeconds: leaseMs / 1_000, time: time / 1_000 });
    }
    case "unsubscribe":
      return JSON.stringify({ credit: result.credit });
    case "begin":
      return JSON.stringify({ stale: result.stale });
    case "cancel_wait":
      return JSON.stringify({ ended: result.ended });
    case "ack":
      return JSON.stringify({ acked: result.acked, stale: result.stale });
    case "retry":
      return JSON.stringify({ retried: result.retried, stale: result.stale });
    case "extend":
      return JSON.stringify({
        extended: result.extended,
        stale: result.stale,
        leaseEndsAt: result.leaseEndsAt / 1_000,
      });
    case "done":
      return JSON.stringify({ unfinished: result.unfinished });
    case "join":
      return JSON.stringify({ finished: result.finished });
    case "purge":
      return JSON.stringify({ purged: result.purged });
    case "messages":
      return messagesJson(result);
    case "reject":
      return JSON.stringify({ retried: result.rejected, stale: result.stale });
    case "release":
      return JSON.stringify({ retried: result.released, stale: result.stale });
    case "change":
    case "promote":
    case "peek":
      return viewJson(result.view);
    case "cancel":
      return JSON.stringify({ cancelled: true });
    case "redrive":
      return JSON.stringify({ redriven: result.redriven, left: result.left });
    case "receive_transfer":
      return JSON.stringify({ ids: result.ids });
    case "transfer_result":
      return "{}";
    case "delete":
      return JSON.stringify({ deleted: true });
    case "configure":
    case "shutdown":
    case "pause":
    case "describe":
      return JSON.stringify(describe(result.description, queueInfo));
    default:
      return result satisfies never;
  }
}

function receiveJson(deliveries: readonly Delivery[]): string {
  const leaseMs = deliveries[0]?.lease?.ms;
  const lease = leaseMs === undefined ? "" : `,"leaseSeconds":${leaseMs / 1_000}`;
  return `{"messages":[${deliveries.map(deliveryJson).join(",")}]${lease}}`;
}

function messagesJson({ views, cursor, damagedRows }: Extract<Result, { verb: "messages" }>): string {
  const damaged = damagedRows === undefined ? "" : `,"damagedRows":${damagedRows}`;
  return `{"messages":[${views.map(viewJson).join(",")}],"cursor":${JSON.stringify(cursor)}${damaged}}`;
}

/** Puts the fields of this delivery before the stored fields, whose text is passed on as it is. */
function deliveryJson({ id, attempt, group, lease, lastError, payload }: Delivery): string {
  // Ids and receipts have no character that JSON would escape.
  const leased = lease === undefined ? "" : `"receipt":"${lease.receipt}","leaseEndsAt":${lease.endsAt / 1_000},`;
  const grouped = group === undefined ? "" : `"group":${JSON.stringify(group)},`;
  const failed = lastError === undefined ? "" : `"lastError":${JSON.stringify(lastError)},`;
  return `{"id":"${id}","attempt":${attempt},${leased}${grouped}${failed}${payload.slice(1)}`;
}

function viewJson({ id, state, attempts, until, group, lastError, reason, payload }: View): string {
  const seconds = until === undefined ? undefined : until / 1_000;
  const times = { delayed: "visibleAt", leased: "leaseEndsAt", dead: "diedAt" } as const;
  const time = state === "visible" || state === "transferring" ? {} : { [times[state]]: seconds };
  const head = JSON.stringify({ id, state, attempts, ...time, group, reason, lastError });
  return `${head.slice(0, -1)},${payload.slice(1)}`;
}

function describe({ oldestMs, ...description }: Description, { name, storageBytes, rowsWritten }: QueueInfo) {
  const { shutdown, paused, visible, delayed, leased, dead, transferring, unfinished } = description;
  const { accepted, done, purged, expired, transferred } = description;
  const counts = { visible, delayed, leased, dead, transferring, unfinished };
  const totals = { accepted, done, purged, expired, transferred };
  const sizes = { oldestSeconds: oldestMs / 1_000, storageBytes, rowsWritten };
  return { name, ...valuesOf(description), shutdown, paused, ...counts, ...totals, ...sizes };
}
