/** Waits for a job, and shows on a terminal what it does meanwhile. */
import type { Job, JobEvent, JobFailed, Queue, QueueManager } from "../../../src/index.ts";
import type { Context } from "../../base/context.ts";
import { shownSeconds } from "../../base/durations.ts";
import { shownText } from "../../base/text.ts";
import { StatusLine } from "../status-line.ts";

/** For how long a server that is away is waited for, in seconds: a job is longer than a restart. */
const WAIT_RETRY_SECONDS = 60;

/** After this time a job that waits may have no worker, in milliseconds. */
const NO_WORKER_MS = 3_000;

/** The characters of a progress that are shown. */
const PROGRESS_CHARACTERS_MAX = 200;

/** How a job is waited for. */
export interface JobWait {
  job: Job;
  queue: Queue;
  /** Undefined for as long as it takes. */
  timeoutSeconds: number | undefined;
  /** Whether Ctrl-C cancels the job. */
  cancelsOnInterrupt?: boolean | undefined;
}

/**
 * Waits for the end of a job, and prints its result as a line of JSON. Where the wait ends before the job does, it says
 * how to look at it later.
 *
 * @throws {JobFailed} with the job's error, whose stack is shown on a terminal
 */
export async function printResult(context: Context, wait: JobWait): Promise<void> {
  const { job, queue, timeoutSeconds, cancelsOnInterrupt = false } = wait;
  const { output, signal } = context;
  const line = new StatusLine(context.io.stderr);
  const following = output.isWatched ? new FollowedJob(context, job, queue, line) : undefined;
  let result: unknown;
  try {
    result = await job.result({ timeoutSeconds, signal });
  } catch (error) {
    line.end();
    if (signal.aborted && cancelsOnInterrupt) await cancel(context, job);
    else sayMore(context, job, error);
    throw error;
  } finally {
    line.end();
    following?.end();
  }
  await output.json(result);
}

/**
 * Waits for a job of another process, and prints its result.
 *
 * @param timeoutSeconds undefined for as long as it takes; 0 not to wait
 */
export async function awaitJob(
  context: Context,
  queueName: string,
  id: string,
  timeoutSeconds: number | undefined,
): Promise<void> {
  const manager = await context.manager();
  const queue = manager.queue(queueName);
  const job = manager.tasks(queueName).job(id);
  // A wrong id, and a server that is away, are said at once.
  const { finishedAt } = await job.status({ signal: context.signal });
  if (finishedAt !== undefined || timeoutSeconds === 0) return printResult(context, { job, queue, timeoutSeconds });
  const waiting = await waitingManager(context);
  await printResult(context, { job: waiting.tasks(queueName).job(id), queue, timeoutSeconds });
}

/** A client that waits: over a socket the server tells what a job does, and a job goes on while the server restarts. */
export function waitingManager(context: Context): Promise<QueueManager> {
  const retrySeconds = Math.max(WAIT_RETRY_SECONDS, context.settings.retrySeconds);
  return context.manager({ transport: "websocket", retrySeconds });
}

async function cancel({ io }: Context, job: Job): Promise<void> {
  const isCancelled = await job.cancel({ retrySeconds: 2 });
  io.stderr.write(isCancelled ? `The job ${job.id} is cancelled.\n` : `The job ${job.id} had ended already.\n`);
}

/** What the user may need to know beside the error. */
function sayMore({ io, output, signal }: Context, { id, queue }: Job, error: unknown): void {
  const { code = "" } = error as { code?: string };
  if (code === "job_failed") {
    const stack = (error as JobFailed).remoteStack ?? "";
    for (const line of stack === "" ? [] : stack.split("\n")) output.note(line);
    return;
  }
  if (!signal.aborted && code !== "timeout" && code !== "unavailable") return;
  const goesOn = signal.aborted ? `The job ${id} goes on.\n` : "";
  io.stderr.write(
    `${goesOn}durable-queue jobs result ${queue} ${id} waits for it, and durable-queue jobs cancel ${queue} ${id} cancels it.\n`,
  );
}

/** Shows what a job does. */
class FollowedJob {
  readonly #context: Context;
  readonly #line: StatusLine;
  readonly #timer: NodeJS.Timeout;
  #event: JobEvent | undefined;

  constructor(context: Context, job: Job, queue: Queue, line: StatusLine) {
    this.#context = context;
    this.#line = line;
    this.#timer = setTimeout(() => void this.#noteMissingWorker(queue), NO_WORKER_MS).unref();
    line.start((seconds) => textOf(job, seconds, this.#event));
    // The wait itself says what is wrong.
    this.#follow(job).catch(() => undefined);
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  async #follow(job: Job): Promise<void> {
    for await (const event of job) this.#event = event;
  }

  /** A job that waits for a worker that there is not waits for long. */
  async #noteMissingWorker(queue: Queue): Promise<void> {
    if (this.#event?.state !== "waiting") return;
    try {
      const { consumers, paused } = await queue.describe({ retrySeconds: 0, signal: this.#context.signal });
      const why = paused.receives ? `receives of ${queue.name} are paused` : `no worker is connected to ${queue.name}`;
      if (!paused.receives && consumers.length > 0) return;
      this.#line.clear();
      this.#context.output.note(`The job waits: ${why}.`);
    } catch {
      // It is only said for information.
    }
  }
}

function textOf({ id }: Job, waited: number, event: JobEvent | undefined): string {
  if (event === undefined) return `${id}  submitted  ${waited} s`;
  const { state, attempts, visibleAt, progress } = event;
  const attempt = attempts > 1 ? `, attempt ${attempts}` : "";
  const seconds = visibleAt === undefined ? 0 : (visibleAt.getTime() - Date.now()) / 1_000;
  const delay = state === "delayed" && seconds > 0 ? ` ${shownSeconds(seconds)}` : "";
  const shown = progress === undefined ? "" : `  ${progressText(progress)}`;
  return shownText(`${id}  ${state}${delay}${attempt}  ${waited} s${shown}`);
}

/** A number from 0 to 1 is a part, as of a bar. */
function progressText(progress: unknown): string {
  if (typeof progress === "number" && progress >= 0 && progress <= 1) return `${Math.floor(progress * 100)} %`;
  const text = typeof progress === "string" ? progress : JSON.stringify(progress);
  return text.slice(0, PROGRESS_CHARACTERS_MAX);
}
