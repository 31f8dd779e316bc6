/** `tasks call`: submits a job, waits for it, and prints its result. */
import type { Job, SubmitOptions, TaskCalls } from "../../../src/index.ts";
import type { Context } from "../../base/context.ts";
import { itemOptionsOf } from "../../base/item-flags.ts";
import type { CallFlags } from "./call-flags.ts";
import { asUsage, calledTask, checkedCalls, unchecked } from "./called-task.ts";
import { printResult, waitingManager } from "./job-wait.ts";

/**
 * Calls a task.
 *
 * @param queueOrFile the queue, or the module of its tasks
 * @param input undefined for none
 */
export async function callTask(
  context: Context,
  flags: CallFlags,
  queueOrFile: string,
  name: string,
  input: unknown,
): Promise<void> {
  const { wait = true, timeoutSeconds, cancelOnInterrupt, force = false } = flags;
  const beganAt = performance.now();
  const manager = await context.manager();
  const called = await calledTask(context, queueOrFile);
  const calls = force
    ? unchecked(manager, called.queue, name)
    : await checkedCalls(context, manager, called, name, input);
  const job = await submitted(context, calls, input, flags, called.queue);
  if (!wait) return context.output.result({ id: job.id, queue: job.queue, task: name }, job.id);
  const waiting = await waitingManager(context);
  const left = timeoutSeconds && Math.max(0.001, timeoutSeconds - (performance.now() - beganAt) / 1_000);
  await printResult(context, {
    job: waiting.tasks(called.queue).job(job.id),
    queue: manager.queue(called.queue),
    timeoutSeconds: left,
    cancelsOnInterrupt: cancelOnInterrupt,
  });
}

async function submitted(
  { io, signal }: Context,
  calls: TaskCalls<unknown, unknown>,
  input: unknown,
  flags: CallFlags,
  queue: string,
): Promise<Job> {
  const { timeoutSeconds, idempotencyKey } = flags;
  const options: SubmitOptions = { ...given(itemOptionsOf(flags)), timeoutSeconds, idempotencyKey, signal };
  try {
    return await calls.submit(input, options);
  } catch (error) {
    if (signal.aborted) {
      io.stderr.write(
        `It is not known whether the job was submitted: durable-queue jobs ls ${queue} lists it if it was.\n`,
      );
    }
    throw asUsage(error);
  }
}

/** Those that are given: a flag that is not must not hide what the task says. */
function given(options: SubmitOptions): SubmitOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
