import { BATCH_BYTES_MAX, BATCH_MESSAGES_MAX, BODY_BYTES_MAX } from "../../../src/contract/limits.ts";
import type { Act, CliCommand } from "../base/command.ts";
import type { Context } from "../base/context.ts";
import { counted, shownCount, shownSeconds } from "../base/durations.ts";
import { Failure } from "../base/exit.ts";
import { type Answer, health, request } from "../base/http.ts";
import { shownText } from "../base/text.ts";
import { packageVersion } from "../base/version.ts";

/** From which difference of the clocks on times shown here mislead, in seconds. */
const SKEW_SECONDS = 5;

/** A key that ends within this time is reported, in seconds: a week. */
const ENDING_SOON_SECONDS = 604_800;

/** How many queues are counted at most. */
const QUEUES_COUNTED_MAX = 10_000;

/** One thing that was looked at. */
interface Finding {
  check: string;
  state: "ok" | "warning" | "fault";
  says: string;
}

/** `doctor`: what is wrong, and how to mend it. */
export function addDoctor(program: CliCommand, act: Act): void {
  program
    .command("doctor")
    .summary("Check address, key, clock and versions, and say how to mend what is wrong.")
    .description(
      "Check where address and key are from, that the server answers, what the key grants, the clock, versions, limits and the number of queues, and say how to mend what is wrong. Fails with status 1 if something is.",
    )
    .example("durable-queue doctor --profile production")
    .action(act(doctor));
}

async function doctor(context: Context): Promise<void> {
  const { output } = context;
  let faults = 0;
  for await (const finding of findings(context)) {
    if (finding.state === "fault") faults += 1;
    const mark = { ok: ["green", "ok  "], warning: ["yellow", "warn"], fault: ["red", "FAIL"] } as const;
    const [color, word] = mark[finding.state];
    if (output.isJson) await output.json(finding);
    else await output.line(`${output.style(color, word)}  ${finding.check.padEnd(8)}  ${shownText(finding.says)}`);
  }
  if (faults > 0) throw new Failure(`${counted(faults, "fault")} found.`, "unhealthy");
}

async function* findings(context: Context): AsyncGenerator<Finding> {
  const { address, addressSource, authkey, authkeySource } = context.settings;
  yield ok("version", `durable-queue ${packageVersion()}, Node ${process.versions.node}`);
  // It is not shown: what is in it may be a secret.
  if (hasMore(address)) {
    const what = "has a user, a password, a query or a fragment";
    return yield fault("address", `The one from ${addressSource} ${what}: it must have none of them.`);
  }
  yield ok("address", `${address}, from ${addressSource}`);
  const server = await reached(context);
  if (typeof server === "string") return yield fault("server", server);
  yield serverFinding(server.answer, server.ms, address);
  yield* clockFinding(server.answer);
  if (authkey === undefined) {
    return yield fault("key", "There is none: set DURABLE_QUEUE_AUTHKEY, or give --profile or --authkey.");
  }
  if (server.answer.status !== 200) return;
  const key = await grantOf(context);
  if (typeof key === "string") return yield fault("key", key);
  if (key.status !== 200) {
    return yield fault("key", `The one from ${authkeySource} is refused: ${key.fields.detail ?? key.status}`);
  }
  yield* keyFindings(key.fields, authkeySource);
  yield* queueFinding(context, key.fields);
  const limits = `body ${shownCount(BODY_BYTES_MAX)} bytes, batch ${shownCount(BATCH_MESSAGES_MAX)} messages`;
  yield ok("limits", `${limits} or ${shownCount(BATCH_BYTES_MAX)} bytes, as this version knows them`);
}

/** Whether an address has what the client refuses in it. */
function hasMore(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { username, password, search, hash } = new URL(address);
  return username + password + search + hash !== "";
}

/** What the key grants; a sentence where the client refuses to send it. */
async function grantOf(context: Context): Promise<Answer | string> {
  try {
    return await request(context, "/v1/key");
  } catch (error) {
    if (error instanceof TypeError) return error.message;
    throw error;
  }
}

async function reached(context: Context): Promise<{ answer: Answer; ms: number } | string> {
  const begun = performance.now();
  try {
    const answer = await health(context);
    return { answer, ms: performance.now() - begun };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return `${error.message} Is it running, and is this its address? durable-queue dev starts one here.`;
  }
}

function serverFinding({ status, fields }: Answer, ms: number, address: string): Finding {
  if (status === 200 && fields.status === "ok") return ok("server", `answers in ${Math.round(ms)} ms`);
  if (typeof fields.detail === "string") return fault("server", `refuses every request: ${fields.detail}`);
  const other = `${address}/healthz answered ${status}, and not as a durable-queue server`;
  return fault("server", `${other}: is the address right, with its path?`);
}

function* clockFinding({ date }: Answer): Generator<Finding> {
  if (date === undefined) return yield ok("clock", "the server does not say its time");
  const seconds = Math.round((Date.now() - date.getTime()) / 1_000);
  if (Math.abs(seconds) < SKEW_SECONDS) return yield ok("clock", "as the server's, to some seconds");
  const side = seconds > 0 ? "ahead of" : "behind";
  yield warning(
    "clock",
    `This machine is ${shownSeconds(Math.abs(seconds))} ${side} the server: set its clock. Leases and delays go by the server's.`,
  );
}

function* keyFindings(fields: Record<string, unknown>, source: string): Generator<Finding> {
  const { name, scopes = [], queues = [], until } = fields as KeyFields;
  const prefixes = queues.filter((prefix) => prefix !== "");
  const where = prefixes.length === 0 ? "all queues" : `queues that begin with ${prefixes.join(", ")}`;
  yield ok("key", `${name}, from ${source}: ${scopes.join(", ")} on ${where}`);
  if (until === undefined) return;
  const left = until - Date.now() / 1_000;
  const end = new Date(until * 1_000).toISOString();
  if (left > ENDING_SOON_SECONDS) yield ok("key", `It ends at ${end}.`);
  else yield warning("key", `It ends in ${shownSeconds(left)}, at ${end}: have another made, durable-queue keys new.`);
}

interface KeyFields {
  name?: string;
  scopes?: string[];
  queues?: string[];
  /** In seconds since 1970. */
  until?: number;
}

async function* queueFinding(context: Context, { scopes = [] }: KeyFields): AsyncGenerator<Finding> {
  if (!scopes.includes("read")) return yield ok("queues", "not counted: the key does not grant read");
  let count = 0;
  for await (const _ of (await context.manager()).queueNames({ signal: context.signal })) {
    count += 1;
    if (count === QUEUES_COUNTED_MAX) return yield ok("queues", `${shownCount(count)} or more`);
  }
  yield ok("queues", shownCount(count));
}

function ok(check: string, says: string): Finding {
  return { check, state: "ok", says };
}

function warning(check: string, says: string): Finding {
  return { check, state: "warning", says };
}

function fault(check: string, says: string): Finding {
  return { check, state: "fault", says };
}
