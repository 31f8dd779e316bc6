/** `put` of standard input, and `import`: what is asked for, and what is said about it. */
import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import type { ItemOptions, PutOptions, Queue } from "../../../src/index.ts";
import type { Context } from "../../base/context.ts";
import { Failure, UsageError } from "../../base/exit.ts";
import type { LineSource } from "../lines/line-source.ts";
import type { LineForm } from "../lines/message-lines.ts";
import { inThousands, ProgressLine } from "../progress.ts";
import { Batches, type FaultyLine } from "./batches.ts";
import { type Checkpoint, CheckpointFile } from "./checkpoint.ts";
import { FAULTS_SHOWN_MAX, IN_FLIGHT_DEFAULT } from "./limits.ts";
import { LineLedger } from "./line-ledger.ts";
import type { LinesFlags } from "./lines-flags.ts";
import { LineRefused, LinesPut } from "./put-lines.ts";
import { withoutUncertain } from "./uncertain.ts";

/** For how long a call is tried again in an outage, in seconds, unless the settings say more. */
const RETRY_SECONDS = 60;

/** What to put, and where. */
export interface LinesTask {
  /** The words of the command line that it is, as "put emails", for the hint how to go on. */
  command: string;
  queueName: string;
  source: LineSource;
  /** How the input is called in the hint: a path, or undefined for standard input. */
  path?: string | undefined;
  /** The name of the form of the lines, and the form. */
  formName: string;
  form: LineForm;
  itemOptions: ItemOptions;
  timeoutSeconds?: number | undefined;
}

/** A run of one task: what was known before, and what is known of its lines. */
interface Run {
  /** The address of the server. */
  server: string;
  queue: Queue;
  job: string;
  how: string;
  file: CheckpointFile | undefined;
  ledger: LineLedger;
  batches: Batches;
}

/**
 * Puts the lines of an input, shows how far it is, and says at the end, or at an early end, how many were put and how to
 * go on.
 *
 * @throws {UsageError} for flags that do not go together, and a checkpoint that is another put's
 * @throws {Failure} for a line that is no message
 */
export async function putLines(context: Context, flags: LinesFlags, task: LinesTask): Promise<void> {
  const { io, output } = context;
  if (flags.checkpoint !== undefined && flags.fromLine !== undefined) {
    throw new UsageError("Give either --checkpoint, which knows where to go on, or --from-line, not both.");
  }
  const run = await begin(context, flags, task);
  const beganAt = performance.now();
  const faults = new FaultReport(context);
  const put = new LinesPut({
    ...run,
    putOptions: putOptionsOf(flags, task),
    inFlight: flags.inFlight ?? IN_FLIGHT_DEFAULT,
    leaveOut: flags.skipInvalid === true ? (faulty) => faults.add(faulty, line) : undefined,
    changed: () => run.file?.write(checkpointOf(run, task)),
    stopping: context.signal,
  });
  const line = new ProgressLine(io.stderr, "messages put", () => ({ count: put.counts.put, part: task.source.part }));
  try {
    await put.run(task.source);
  } catch (error) {
    line.end();
    throw earlyEnd(context, { flags, task, run, put, error });
  }
  line.end();
  run.file?.write(checkpointOf(run, task));
  if (context.signal.aborted) throw earlyEnd(context, { flags, task, run, put, error: undefined });
  const { counts } = put;
  const seconds = (performance.now() - beganAt) / 1_000;
  const skipped = counts.leftOut === 0 ? "" : ` ${inThousands(counts.leftOut)} lines were left out.`;
  const rate =
    counts.put === 0 ? "" : ` in ${seconds.toFixed(1)} s, ${inThousands(Math.round(counts.put / seconds))}/s`;
  const sentence = `${inThousands(counts.put)} messages put${rate}.${skipped}`;
  await output.result({ put: counts.put, leftOut: counts.leftOut, lines: counts.read }, sentence);
}

async function begin(context: Context, flags: LinesFlags, task: LinesTask): Promise<Run> {
  const { io, settings } = context;
  const how = howOf(task);
  const file = flags.checkpoint === undefined ? undefined : new CheckpointFile(resolve(io.folder, flags.checkpoint));
  const retrySeconds = Math.max(RETRY_SECONDS, settings.retrySeconds);
  const manager = await context.manager({ transport: "websocket", retrySeconds });
  const { address: server } = manager;
  const queue = manager.queue(task.queueName);
  const known = file?.read({ server, queue: task.queueName, how });
  if (known === undefined) {
    const through = (flags.fromLine ?? 1) - 1;
    const ledger = new LineLedger({ through, digest: "", later: [] });
    const batches = new Batches(task.form, { through, digest: undefined, later: [] });
    const run = { server, queue, job: randomBytes(9).toString("base64url"), how, file, ledger, batches };
    file?.create(checkpointOf(run, task));
    return run;
  }
  const later = await withoutUncertain(known.later, queue, { choice: flags.uncertain, now: Date.now() });
  const { through, digest, job } = known;
  const ledger = new LineLedger({ through, digest, later });
  // Of a run that has put nothing yet, or began behind the first line, there is none.
  const batches = new Batches(task.form, { through, digest: digest === "" ? undefined : digest, later });
  return { server, queue, job, how, file, ledger, batches };
}

function putOptionsOf(flags: LinesFlags, { itemOptions, timeoutSeconds }: LinesTask): PutOptions {
  return { ...itemOptions, ...(flags.wait === false ? { block: false } : { timeoutSeconds }) };
}

/**
 * What decides which messages are made of the lines. Another run with the same checkpoint must have the same. It may
 * leave out lines that the first would not: of what was sent, none was refused.
 */
function howOf({ formName, itemOptions }: LinesTask): string {
  return JSON.stringify({ lines: formName, ...itemOptions });
}

function checkpointOf({ server, how, job, ledger }: Run, { queueName }: LinesTask): Checkpoint {
  return { server, queue: queueName, how, job, ...ledger.state };
}

/** Reports lines that are left out: the first ones, so that a wrong file does not fill the terminal. */
class FaultReport {
  readonly #context: Context;
  #count = 0;

  constructor(context: Context) {
    this.#context = context;
  }

  add({ line, fault }: FaultyLine, progress: ProgressLine): void {
    this.#count += 1;
    if (this.#count > FAULTS_SHOWN_MAX) return;
    progress.clear();
    this.#context.output.warn(`Line ${line} ${fault}. It is left out.`);
    if (this.#count === FAULTS_SHOWN_MAX) this.#context.output.warn("More lines that are left out are only counted.");
  }
}

interface EarlyEnd {
  flags: LinesFlags;
  task: LinesTask;
  run: Run;
  put: LinesPut;
  /** Undefined after Ctrl-C alone. */
  error: unknown;
}

/** Writes the checkpoint, and answers with the sentence that says why it could not; undefined if it could. */
function writeFault(path: string, checkpoint: Checkpoint): string | undefined {
  try {
    new CheckpointFile(path).write(checkpoint);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** What is known of the lines behind those that were certainly put. */
function othersText({ state }: LineLedger, fault: string | undefined): string {
  if (fault === undefined) return " Which of the lines behind it were put is in the checkpoint.";
  const lines = state.later.map(({ first, last }) => `${first} to ${last}`).join(", ");
  return ` ${fault} Behind it the lines ${lines} were put, or may have been: leave them out of the input.`;
}

/** Says how many lines were put and how to go on, and answers with the error for the user. */
function earlyEnd({ io, signal }: Context, { flags, task, run, put, error }: EarlyEnd): unknown {
  const { ledger, file } = run;
  const path =
    file?.path ?? (ledger.isWhole ? undefined : resolve(io.folder, `${task.queueName}.${run.job}.put-checkpoint.json`));
  const fault = path === undefined ? undefined : writeFault(path, checkpointOf(run, task));
  const isKept = path !== undefined && (fault === undefined || file !== undefined);
  const from = isKept ? `--checkpoint ${flags.checkpoint ?? path}` : `--from-line ${ledger.through + 1}`;
  const input = task.path === undefined ? " < the same input" : "";
  const isAny = put.counts.put > 0 || ledger.through > 0 || !ledger.isWhole;
  const through = ledger.through === 0 ? "No line" : `Every line up to ${ledger.through}`;
  const others = ledger.isWhole ? "" : othersText(ledger, isKept ? undefined : fault);
  const hint = `${through} was put.${others} To go on, with the same options: durable-queue ${task.command} ${from}${input}`;
  if (signal.aborted) io.stderr.write(`${isAny ? hint : "Nothing was put."}\n`);
  if (!(error instanceof Error)) return error ?? new Failure("The put was ended.", "interrupted");
  // The batches behind it were put as they are: the input must not change.
  const mend = ledger.isWhole ? "Mend it, or leave such lines out" : "Leave such lines out";
  const advice = error instanceof LineRefused ? ` ${mend} with --skip-invalid.` : "";
  const said = isAny ? ` ${hint}` : "";
  if (error instanceof LineRefused) return new Failure(`${error.message}${advice}${said}`, "invalid_line");
  const code = "code" in error && typeof error.code === "string" ? error.code : "failed";
  if (!isAny && (error instanceof TypeError || error instanceof RangeError)) return error;
  return new Failure(`${error.message}${said}`, code);
}
