import { RESULT_BYTES_MAX } from "../../../src/contract/limits.ts";
import { InvalidOutput } from "../base/job-errors.ts";
import { isPromise, turn } from "../base/platform.ts";
import { resultText } from "../message/result-text.ts";
import type { AnyTask } from "../tasks/task.ts";
import type { TaskContext } from "../tasks/task-context.ts";
import { checked, checkedInput, invalidInput, invalidOutput } from "./check-value.ts";
import { ChunkOutcome, isPlain } from "./chunk-outcome.ts";

/** How long handlers that do not wait may run one after the other before other work of the event loop, in milliseconds. */
const TURN_MS = 20;

/** What the result of a single input may have less than a result, so that the chunk has room for it. */
const ENVELOPE_BYTES = 128;

const encoder = new TextEncoder();

/** A task that has a handler, by its name. */
export interface ServedTask {
  name: string;
  queue: string;
  task: AnyTask;
  run: NonNullable<AnyTask["run"]>;
}

/**
 * Runs the handler of a task for each input of a chunk, one after the other. What it throws for one of them is what becomes
 * of that input, and the others go on, unless the message was settled.
 *
 * @throws the reason of the message's signal, as soon as that is aborted between two inputs
 */
export async function runChunk(
  served: ServedTask,
  inputs: readonly unknown[],
  context: TaskContext,
): Promise<ChunkOutcome> {
  const { task, run } = served;
  const outcome = new ChunkOutcome();
  const isChecked = task.input !== undefined || task.output !== undefined;
  const signal = inputs.length > 1 ? context.signal : undefined;
  let turnEndsAt = performance.now() + TURN_MS;
  for (let index = 0; index < inputs.length; index += 1) {
    if (outcome.isFull) {
      outcome.next = index;
      break;
    }
    if (index > 0 && performance.now() >= turnEndsAt) {
      await new Promise<void>(turn);
      turnEndsAt = performance.now() + TURN_MS;
    }
    signal?.throwIfAborted();
    // Its handler has said what becomes of the message: with `retry` all of it comes again.
    if (index > 0 && context.message.isSettled) break;
    let hasRoom: boolean;
    try {
      let value: unknown = isChecked
        ? runChecked(served, inputs[index], context)
        : run(inputs[index] as never, context);
      if (isPromise(value)) value = await value;
      hasRoom = isPlain(value) ? outcome.addPlain(value) : outcome.add(value, textOf(value, served));
    } catch (error) {
      hasRoom = outcome.fail(error);
    }
    if (!hasRoom) {
      outcome.next = index;
      break;
    }
  }
  return outcome;
}

async function runChecked(
  { name, queue, task, run }: ServedTask,
  item: unknown,
  context: TaskContext,
): Promise<unknown> {
  const input = await checkedInput(task.input, item);
  if ("issues" in input) throw invalidInput(`The input of the task ${name}`, name, queue, input.issues);
  const output = await checked(task.output, await run(input.value as never, context));
  if ("issues" in output) throw invalidOutput(name, queue, output.issues);
  return output.value;
}

/** @throws {InvalidOutput} for what is no result, or is too large for the result of a chunk of one */
function textOf(value: unknown, { name, queue }: ServedTask): string {
  const text = resultText(value, `the task ${name}`, queue);
  const room = RESULT_BYTES_MAX - ENVELOPE_BYTES;
  if (text.length * 3 <= room) return text;
  const bytes = encoder.encode(text).length;
  if (bytes <= room) return text;
  throw new InvalidOutput(
    `The result of the task ${name} has ${bytes} bytes as JSON, more than the ${room} that a result in a chunk may have. Store it elsewhere, and return where it is.`,
    { queue },
  );
}
