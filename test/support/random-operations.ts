import type { Verb } from "../../src/api/verbs/index.ts";
import type { Random } from "./random.ts";

/** An operation as it may be said, but for its id. */
export interface Draft {
  verb: string;
  request?: unknown;
  key?: string;
  keys?: string[];
  /** Texts of contents, which need not be JSON. */
  contents: string[];
  /** Whether it may wait for as long as it takes. What is sure to be refused may not. */
  isWait: boolean;
  /** Whether it is answered only if it cannot be done. */
  isSilent?: boolean;
  /** A field that no operation has. */
  extra?: string;
}

/** What there is to refer to. */
export interface Known {
  receipts: readonly string[];
  messageIds: readonly string[];
  /** Operations of the connection that wait. */
  waiting: readonly number[];
}

/** Few, so that puts meet others under the same key. */
const KEYS = ["a", "b", "c", "d", "e", "f"];
const LARGE_CHARACTERS = 1_200_000;
/** Eleven thousand years from now: farther than a message may be scheduled. */
const FAR_AWAY = 350_000_000_000;
const LARGE_TEXT = "x".repeat(LARGE_CHARACTERS);

type Maker = (random: Random, known: Known) => Partial<Draft> & { verb: string };

function contentsOf(random: Random, count = 1 + random.integer(4)): string[] {
  return Array.from({ length: count }, () => JSON.stringify({ n: random.integer(1_000) }));
}

function some(random: Random, given: readonly string[], stranger: string): string[] {
  const right = given.slice(-1 - random.integer(8));
  return random.chance(0.3) || right.length === 0 ? [...right, stranger] : right;
}

function receiptsOf(random: Random, known: Known): string[] {
  return some(random, known.receipts, "0.never-1-0-1");
}

function idOf(random: Random, { messageIds }: Known): string | undefined {
  return some(random, messageIds, "0.never-1-0").at(-1);
}

function waitsOrNot(random: Random): { request: object; isWait: boolean } {
  const isWait = random.chance(0.4);
  return { request: isWait ? { wait: true } : {}, isWait };
}

function waitsOrNotFor(random: Random, known: Known): { request: object; isWait: boolean } {
  const { request, isWait } = waitsOrNot(random);
  return { request: { ...request, id: idOf(random, known) }, isWait };
}

function withOptions(random: Random, options: object, contents = contentsOf(random, 1)): ReturnType<Maker> {
  return { verb: "put", request: { messages: [options] }, contents };
}

type Fields = (random: Random, known: Known) => Partial<Omit<Draft, "verb">>;

/** Verbs that end something for all. */
type Drastic = "delete" | "shutdown";

/** What keeps every rule, though it may be refused for the state that the queue is in. */
const VALID_BY_VERB: Record<Exclude<Verb, Drastic>, Fields[]> = {
  put: [
    (random) => ({ contents: contentsOf(random) }),
    (random) => ({ contents: contentsOf(random), key: random.pick(KEYS) }),
    (random) => ({ contents: ['"same"'], key: random.pick(KEYS), ...waitsOrNot(random) }),
    (random) => ({ contents: contentsOf(random), ...waitsOrNot(random) }),
    (random) => {
      const contents = contentsOf(random).map(() => '"same"');
      return { contents, keys: contents.map((_, index) => KEYS[index] ?? random.pick(KEYS)) };
    },
    (random) => withOptions(random, { priority: random.integer(256), group: random.pick(KEYS) }),
    (random) => withOptions(random, { delaySeconds: random.fraction() / 10 }),
    (random) => withOptions(random, { dedupeKey: random.pick(KEYS) }),
    (random) => withOptions(random, { dedupeKey: random.pick(KEYS), dedupeUntil: "done" }),
    (random) => withOptions(random, { headers: { trace: random.pick(KEYS) }, maxAttempts: 1 + random.integer(3) }),
    (random) => withOptions(random, { bytes: true }, ['"AAEC"']),
    (random) => withOptions(random, { headers: { "dq-task": random.pick(KEYS) }, maxAttempts: 2 }),
    (random) => withOptions(random, { resultSeconds: random.pick([0, 0.05, 60]) }),
  ],
  receive: [receive, receive],
  join: [waitsOrNot],
  subscribe: [(random) => ({ request: { credit: 1 + random.integer(20) } })],
  unsubscribe: [() => ({})],
  cancel_wait: [(random, { waiting }) => ({ request: { ids: [...waiting.slice(-3), random.integer(1_000_000)] } })],
  ack: [
    (random, known) => ({ request: { receipts: receiptsOf(random, known), finish: random.chance(0.7) } }),
    (random, known) => ({ request: { receipts: receiptsOf(random, known) } }),
    (random, known) => {
      const receipts = receiptsOf(random, known);
      return { request: { receipts, results: receipts.map(() => ({ n: random.integer(1_000) })) } };
    },
  ],
  begin: [(random, known) => ({ request: { receipts: receiptsOf(random, known) }, isSilent: true })],
  retry: [(random, known) => ({ request: { receipts: receiptsOf(random, known) } })],
  reject: [
    (random, known) => ({ request: { receipts: receiptsOf(random, known) } }),
    (random, known) => {
      const error = { name: "TypeError", message: "broken" };
      return { request: { receipts: receiptsOf(random, known), error } };
    },
  ],
  result: [waitsOrNotFor],
  jobs: [(random) => ({ request: random.chance(0.5) ? {} : { state: random.pick(["done", "failed", "running"]) } })],
  progress: [
    (random, known) => ({ request: { receipt: receiptsOf(random, known).at(-1), progress: random.integer(9) } }),
  ],
  announce: [(random) => ({ request: { tasks: [{ name: random.pick(KEYS), input: { type: "object" } }] } })],
  tasks: [() => ({})],
  watch: [(random, known) => ({ request: { ids: [idOf(random, known)], events: random.chance(0.5) } })],
  unwatch: [(random, known) => ({ request: { ids: [idOf(random, known)] } })],
  release: [(random, known) => ({ request: { receipts: receiptsOf(random, known) } })],
  extend: [(random, known) => ({ request: { receipts: receiptsOf(random, known), leaseSeconds: 60 } })],
  done: [(random) => ({ request: { count: 1 + random.integer(3) }, ...(random.chance(0.5) && { key: "done" }) })],
  configure: [
    (random) => ({ request: { maxSize: random.pick([0, 3, 10, 30]), maxAttempts: 2 } }),
    (random) => ({ request: { order: random.pick(["fifo", "lifo", "priority"]) } }),
  ],
  pause: [(random) => ({ request: random.pick([{}, { only: "puts" }, { only: "receives" }]) })],
  resume: [() => ({}), () => ({})],
  describe: [() => ({})],
  messages: [(random) => ({ request: random.chance(0.5) ? {} : { state: "leased", limit: 5 } })],
  peek: [(random, known) => ({ request: { id: idOf(random, known) } })],
  change: [
    (random, known) => ({ request: { id: idOf(random, known), priority: random.integer(256) } }),
    (random, known) => ({ request: { id: idOf(random, known), body: { changed: true }, delaySeconds: 0.05 } }),
  ],
  promote: [(random, known) => ({ request: { id: idOf(random, known) } })],
  cancel: [(random, known) => ({ request: { id: idOf(random, known) } })],
  redrive: [(random) => ({ request: random.chance(0.7) ? {} : { to: "another-queue", max: 3 } })],
  purge: [(random) => ({ request: random.pick([{ only: "dead" }, { only: "finished" }, {}]) })],
};

const VALID: Maker[] = Object.entries(VALID_BY_VERB).flatMap(([verb, makers]) =>
  makers.map<Maker>((fields) => (random, known) => ({ ...fields(random, known), verb })),
);

/** What ends something for all: as seldom as the rest of what is said can bear. */
const DRASTIC: Maker[] = [
  () => ({ verb: "delete" }),
  (random) => ({ verb: "shutdown", request: random.chance(0.5) ? { immediate: true } : {} }),
];

/** What breaks a rule and is refused, while everything else in its frame is done. */
const BROKEN: Maker[] = [
  () => ({ verb: "put", contents: ["{not json"] }),
  () => ({ verb: "put", contents: ["1", "", "3"] }),
  () => ({ verb: "put", request: { wait: true }, contents: ["{not json"] }),
  () => ({ verb: "put", contents: [] }),
  () => ({ verb: "put", contents: [`"${LARGE_TEXT}"`] }),
  () => ({ verb: "put", contents: ["1"], key: "k".repeat(300) }),
  () => ({ verb: "put", contents: ["1"], key: "with space" }),
  () => ({ verb: "put", contents: ["1", "2"], keys: ["a"] }),
  () => ({ verb: "put", contents: ["1"], keys: ["a"], request: { wait: true } }),
  () => ({ verb: "put", contents: ["1"], keys: ["k".repeat(300)] }),
  () => ({ verb: "put", contents: Array.from({ length: 1_001 }, () => "1") }),
  (random) => withOptions(random, { at: FAR_AWAY }, ["1"]),
  (random) => withOptions(random, { delaySeconds: 1, at: 1 }, ["1"]),
  (random) => withOptions(random, { bytes: true }, ['"*not base64*"']),
  (random) => withOptions(random, { bytes: true }, ["7"]),
  (random) => withOptions(random, { count: 3 }, ["1"]),
  (random) => withOptions(random, { priority: "high" }, ["1"]),
  (random) => withOptions(random, { dedupeKey: "with space" }, ["1"]),
  (random) => withOptions(random, { group: "g".repeat(129) }, ["1"]),
  (random) => withOptions(random, { unknown: 1 }, ["1"]),
  () => ({ verb: "put", request: { messages: [] }, contents: ["1"] }),
  () => ({ verb: "put", request: { wait: "yes" }, contents: ["1"] }),
  () => ({ verb: "put", request: { timeoutSeconds: 1 }, contents: ["1"] }),
  (random) => ({
    verb: "receive",
    request: random.pick([{ max: 0 }, { max: 1_001, wait: true }, { leaseSeconds: 0 }]),
  }),
  (random) => ({ verb: "receive", request: random.pick([null, 7, "max", [1], { max: "1" }, { timeoutSeconds: 1 }]) }),
  () => ({ verb: "receive", request: {}, contents: ["1"] }),
  () => ({ verb: "join", request: { wait: 1 } }),
  (random) => ({ verb: "subscribe", request: random.pick([{}, { credit: 0 }, { credit: 10_001 }, { credit: 1.5 }]) }),
  (random) => ({ verb: "cancel_wait", request: random.pick([{}, { ids: [] }, { ids: [-1] }, { ids: "all" }]) }),
  (random) => ({
    verb: random.pick(["ack", "retry"]),
    request: random.pick([{}, { receipts: [] }, { receipts: [""] }]),
  }),
  () => ({ verb: "ack", request: { receipts: ["r".repeat(129)] } }),
  (random) => ({ verb: "begin", request: random.pick([{}, { receipts: [] }, { receipts: ["r"], finish: true }]) }),
  () => ({ verb: "retry", request: { receipts: ["r"], error: "e".repeat(2_000) } }),
  () => ({ verb: "reject", request: { receipts: ["r"], delaySeconds: 1 } }),
  () => ({ verb: "extend", request: { receipts: ["r"], leaseSeconds: 0 } }),
  () => ({ verb: "change", request: { id: "0.never-1-0" } }),
  () => ({ verb: "done", request: { count: 0 } }),
  () => ({ verb: "ack", request: { receipts: ["r"], results: [] } }),
  () => ({ verb: "ack", request: { receipts: ["r"], results: ["x".repeat(1_100_000)] } }),
  () => ({ verb: "progress", request: { receipt: "r", progress: "x".repeat(9_000) } }),
  () => ({ verb: "reject", request: { receipts: ["r"], error: { name: "" } } }),
  () => ({ verb: "announce", request: { tasks: [{ name: "-" }] } }),
  () => ({ verb: "watch", request: { ids: [] } }),
  (random) => withOptions(random, { headers: { "dq-task": "not a name" } }, ["1"]),
  (random) => withOptions(random, { headers: { "dq-other": "1" } }, ["1"]),
  (random) => ({
    verb: "configure",
    request: random.pick([{ order: "random" }, { maxSize: -1 }, { retentionSeconds: 0.5 }]),
  }),
  () => ({ verb: "configure", request: { deadLetterQueue: "not/a/name" } }),
  () => ({ verb: "describe", request: { please: true } }),
  () => ({ verb: "messages", request: { limit: 0 } }),
  () => ({ verb: "peek", request: {} }),
  () => ({ verb: "redrive", request: { max: 10_001 } }),
  () => ({ verb: "purge", request: { only: "visible" } }),
  () => ({ verb: "pause", request: { only: "everything" } }),
  (random) => ({
    verb: random.pick([
      "",
      "fly",
      "constructor",
      "__proto__",
      "toString",
      "PUT",
      "receive_transfer",
      "transfer_result",
    ]),
  }),
  () => ({ verb: "describe", extra: "field" }),
  () => ({ verb: "put", contents: ["1"], extra: "field" }),
];

function receive(random: Random): { request: object; isWait: boolean } {
  const { request, isWait } = waitsOrNot(random);
  const max = 1 + random.integer(5);
  return { request: { ...request, max, ...(random.chance(0.2) && { autoAck: true }) }, isWait };
}

/** A random operation, of which about two in five break a rule. */
export function randomDraft(random: Random, known: Known): Draft {
  const makers = random.chance(0.4) ? BROKEN : random.chance(0.02) ? DRASTIC : VALID;
  return { contents: [], isWait: false, ...random.pick(makers)(random, known) };
}

/** The lines of an operation: itself, then its contents. */
export function textOf(id: number, { verb, request, key, keys, contents, extra }: Draft): string {
  const lines = contents.length > 0 ? contents.length : undefined;
  const head = { id, verb, request, key, keys, lines, ...(extra !== undefined && { [extra]: true }) };
  return [JSON.stringify(head), ...contents].join("\n");
}

/** Frames that cannot be answered, and that end their connection. */
export const BAD_FRAMES: readonly (string | ArrayBuffer)[] = [
  "",
  "{not json",
  "null",
  "[]",
  '{"verb":"describe"}',
  '{"id":-1,"verb":"describe"}',
  '{"id":1.5,"verb":"describe"}',
  '{"id":2000000001,"verb":"put","lines":2}\n1',
  '{"id":2000000002,"verb":"put","lines":1}\n1\n2',
  '{"id":2000000003,"verb":"put","lines":-1}\n1',
  '{"id":2000000004,"verb":"put","lines":"1"}\n1',
  "\n".repeat(20_000),
  Array.from({ length: 1_001 }, (_, index) => `{"id":${2_000_000_000 + index},"verb":"describe"}`).join("\n"),
  new ArrayBuffer(8),
];
