import {
  BATCH_BYTES_MAX,
  BATCH_MESSAGES_MAX,
  BODY_BYTES_MAX,
  CREDIT_MAX,
  FRAME_OPERATIONS_MAX,
  RECEIPT_CHARACTERS_MAX,
  RECEIPTS_MAX,
  REQUEST_BYTES_MAX,
  SOCKET_WAITS_MAX,
} from "../../src/contract/limits.ts";

/** One operation of a frame, but for its id. */
export interface HeavyOperation {
  verb: string;
  /** JSON text. */
  request?: string;
  /** JSON text of the other fields. */
  fields?: string;
  contents?: readonly string[];
  /** Whether it may wait until it is stopped. */
  isWait?: boolean;
}

/** What a frame may refer to. */
interface FrameContext {
  /** The id of a large message of the queue; undefined where none is known. */
  largeId: string | undefined;
  /** Operations of the connection that wait. */
  waiting: readonly number[];
}

type HeavyFrame = (context: FrameContext) => HeavyOperation[];

/** The largest body that is allowed: as JSON text, quotes included. */
const LARGE_BODY = JSON.stringify("x".repeat(BODY_BYTES_MAX - 2));
export const LARGE_BATCH: readonly string[] = new Array(BATCH_BYTES_MAX / BODY_BYTES_MAX).fill(LARGE_BODY);

/** How much of a frame is left to what it is about. */
const ROOM = REQUEST_BYTES_MAX - 100_000;
const MANY_BODIES: readonly string[] = new Array(BATCH_MESSAGES_MAX).fill(
  JSON.stringify("x".repeat(BATCH_BYTES_MAX / BATCH_MESSAGES_MAX - 10)),
);
const SMALL_BODIES: readonly string[] = MANY_BODIES.map((_, index) => `{"n":${index}}`);
const DEDUPED = JSON.stringify({ messages: SMALL_BODIES.map((_, index) => ({ dedupeKey: `known-${index}` })) });
const KEYS = JSON.stringify(SMALL_BODIES.map((_, index) => `key-${index}`));
const RECEIPTS = JSON.stringify(
  Array.from({ length: RECEIPTS_MAX }, (_, index) => `never-${index}-0-1`.padEnd(RECEIPT_CHARACTERS_MAX, "0")),
);
const IDS = JSON.stringify(Array.from({ length: RECEIPTS_MAX }, (_, index) => `never-${index}-0`.padEnd(128, "0")));
const LEASE = `"leaseSeconds":1`;

/** Of the fields of a request that has nothing else. */
const FIELD_CHARACTERS = 11;
/** A request of 12 MB in which every field is one fault. */
export const UNKNOWN_FIELDS = `{${Array.from(
  { length: Math.floor(ROOM / (FIELD_CHARACTERS + 1)) },
  (_, index) => `"${String(index).padStart(FIELD_CHARACTERS - 4, "f")}":1`,
).join()}}`;
/** A request of 12 MB in which every item is one fault. */
const WRONG_ITEMS = `{"receipts":[${"1,".repeat(ROOM / 2)}1]}`;
/** Bytes of 12 MB: more than a body may have. */
const LARGE_BYTES = `"${"A".repeat(ROOM)}"`;

function times(count: number, verb: string, request?: string, isWait = false): HeavyOperation[] {
  return new Array(count).fill({ verb, isWait, ...(request !== undefined && { request }) });
}

function repeated(verb: string, request?: string): HeavyFrame {
  return () => times(FRAME_OPERATIONS_MAX, verb, request);
}

/** As many of them as a frame has room for. */
function packed(verb: string, request: string): HeavyFrame {
  return () => times(countOf(request), verb, request);
}

function countOf(request: string): number {
  return Math.min(FRAME_OPERATIONS_MAX, Math.floor(ROOM / (request.length + 60)));
}

/** The heaviest frames that the limits allow, of every verb. */
export const HEAVY_FRAMES: Readonly<Record<string, HeavyFrame>> = {
  largePuts: () => [
    { verb: "put", contents: LARGE_BATCH },
    { verb: "put", contents: LARGE_BATCH.slice(0, 3) },
  ],
  batches: () => [{ verb: "put", contents: MANY_BODIES }],
  smallBatches: () => new Array(16).fill({ verb: "put", contents: SMALL_BODIES }),
  sharedPuts: () => new Array(16).fill({ verb: "put", contents: SMALL_BODIES, fields: `"keys":${KEYS}` }),
  knownDedupeKeys: () => new Array(16).fill({ verb: "put", request: DEDUPED, contents: SMALL_BODIES }),
  // Waits where the queue is full or paused.
  blockedPuts: () => [{ verb: "put", request: `{"wait":true}`, contents: LARGE_BATCH, isWait: true }],
  receives: repeated("receive", `{"max":1000,${LEASE}}`),
  waitingReceives: () => times(SOCKET_WAITS_MAX, "receive", `{"max":1000,"wait":true,${LEASE}}`, true),
  gets: repeated("receive", `{"max":1000,"autoAck":true}`),
  subscriptions: repeated("subscribe", `{"credit":${CREDIT_MAX},${LEASE}}`),
  unsubscriptions: repeated("unsubscribe"),
  lists: () => times(20, "messages", `{"limit":"1000"}`),
  looks: ({ largeId = "never-1-0" }) => times(50, "peek", JSON.stringify({ id: largeId })),
  cancels: repeated("cancel", `{"id":"never-1-0"}`),
  acks: packed("ack", `{"receipts":${RECEIPTS}}`),
  takes: packed("ack", `{"receipts":${RECEIPTS},"finish":false}`),
  retries: packed("retry", `{"receipts":${RECEIPTS},"error":"${"e".repeat(1_000)}"}`),
  extensions: packed("extend", `{"receipts":${RECEIPTS},${LEASE}}`),
  redrives: repeated("redrive", "{}"),
  redrivesOfIds: packed("redrive", `{"ids":${IDS}}`),
  purges: () => [...times(FRAME_OPERATIONS_MAX - 1, "purge", `{"only":"dead"}`), { verb: "purge" }],
  joins: repeated("join", "{}"),
  waits: () => times(SOCKET_WAITS_MAX + 10, "join", `{"wait":true}`, true),
  stops: ({ waiting }) => {
    const ids = Array.from({ length: SOCKET_WAITS_MAX }, (_, index) => waiting[index] ?? index);
    const request = JSON.stringify({ ids });
    return times(countOf(request), "cancel_wait", request);
  },
  dones: repeated("done", `{"count":1}`),
  inspections: repeated("describe"),
  configurations: repeated("configure", `{"leaseSeconds":30}`),
  pauses: () =>
    times(FRAME_OPERATIONS_MAX / 2, "pause", `{"only":"puts"}`).flatMap((pause) => [
      pause,
      { verb: "resume", request: `{"only":"puts"}` },
    ]),
  unknownVerbs: () => times(FRAME_OPERATIONS_MAX, "v".repeat(10_000)),
  unknownFields: () => [{ verb: "put", request: UNKNOWN_FIELDS, contents: ["1"] }],
  largeBytes: () => [
    { verb: "put", request: `{"messages":[{"bytes":true}]}`, contents: [LARGE_BYTES] },
    { verb: "put", contents: ["1"] },
  ],
  wrongItems: () => [{ verb: "ack", request: WRONG_ITEMS }],
  rebirth: () => [
    { verb: "shutdown", request: `{"immediate":true}` },
    { verb: "delete" },
    { verb: "put", contents: LARGE_BATCH },
  ],
};

/** A frame of 15 KB that asks for 8 GB. */
export const MANY_LISTS: HeavyFrame = repeated("messages", `{"limit":"1000"}`);

/** What may be said of a queue that has to stay full. */
export const FRAMES_OF_FULL_QUEUES: readonly string[] = [
  "blockedPuts",
  "blockedPuts",
  "lists",
  "looks",
  "waits",
  "stops",
];

/** The text of a frame whose operations have the ids from `firstId` on. */
export function frameText(operations: readonly HeavyOperation[], firstId: number): string {
  const lines: string[] = [];
  for (const [index, { verb, request, fields, contents = [] }] of operations.entries()) {
    const count = contents.length > 0 ? `,"lines":${contents.length}` : "";
    const asked = request === undefined ? "" : `,"request":${request}`;
    lines.push(
      `{"id":${firstId + index},"verb":"${verb}"${asked}${fields === undefined ? "" : `,${fields}`}${count}}`,
      ...contents,
    );
  }
  return lines.join("\n");
}
