import { PRIORITY_MAX } from "../../../src/contract/limits.ts";
import { checkFunction, checkNumber, checkOptions, type Known, shown } from "../base/check-options.ts";
import { checkSetting } from "../base/check-setting.ts";
import { TIMEOUT_SECONDS_MAX, TIMEOUT_SECONDS_MIN } from "../base/timeout-limits.ts";
import type { Jsonified } from "./jsonified.ts";
import type { StandardSchemaV1 } from "./standard-schema.ts";
import type { TaskContext } from "./task-context.ts";

/** The options of a task that say how its jobs are treated. */
export interface JobRules {
  /** How often a job of it is tried before it has failed: 0 for no limit. Default: the setting of the queue. */
  maxAttempts?: number | undefined;
  /** How long after a failed attempt the next one begins. It grows from one to the next. Default: that of the queue. */
  retryDelaySeconds?: number | undefined;
  /** How long a job may wait for its end, after which it has failed: 0 for no end. Default: the setting of the queue. */
  retentionSeconds?: number | undefined;
  /** How long a result, or an error, is kept: 0 to 2,592,000. 0: not at all. Default: that of the queue, 3,600 at first. */
  resultSeconds?: number | undefined;
  /** 0 to 255, lowest first. Default 100. It decides the order only in a priority queue. */
  priority?: number | undefined;
  /** How long the handler may take, for each input of a chunk: more than 0. Default: that of the worker. */
  timeoutSeconds?: number | undefined;
  /** The JSON Schema of the input, which workers announce. Default: that of `input`, if its library has one. */
  jsonSchema?: Readonly<Record<string, unknown>> | undefined;
}

declare const noSchema: unique symbol;

/** Stands for what a schema would say, where there is none. */
interface NoSchema {
  readonly [noSchema]: never;
}

/** What a schema says; the other if there is no schema. */
type Or<Said, Other> = [Said] extends [NoSchema] ? ([NoSchema] extends [Said] ? Other : Said) : Said;

/** The options of `task`. */
export interface TaskOptions<Input, Parsed, Taken, Accepted, Returned, Output> extends JobRules {
  /**
   * The schema of the input: of zod, valibot, arktype, or any other library that implements Standard Schema. It checks
   * the input when a job is submitted, and again at the worker, whose handler gets what it makes of the input.
   */
  input?: StandardSchemaV1<Input, Parsed> | undefined;
  /** The schema of what the handler returns. The result is what it makes of that. */
  output?: StandardSchemaV1<Accepted, Output> | undefined;
  /** Does the work. Without it the task is only declared, and its handler is elsewhere. */
  run?: ((input: Or<Parsed, Taken>, context: TaskContext) => Returned | Promise<Returned>) | undefined;
}

/** A task of any types. */
export interface AnyTask {
  readonly input: StandardSchemaV1 | undefined;
  readonly output: StandardSchemaV1 | undefined;
  readonly run: ((input: never, context: TaskContext) => unknown) | undefined;
  readonly rules: Readonly<JobRules>;
}

/** A task: what its jobs take, what they result in, and how they are treated. */
export interface Task<Input, Result> extends AnyTask {
  /** Only in types: no task has it when the program runs. */
  readonly types?: { readonly input: Input; readonly result: Result } | undefined;
}

const TASK_OPTIONS: Known<TaskOptions<unknown, unknown, unknown, unknown, unknown, unknown>> = {
  ...{ input: true, output: true, run: true },
  ...{ maxAttempts: true, retryDelaySeconds: true, retentionSeconds: true, resultSeconds: true, priority: true },
  ...{ timeoutSeconds: true, jsonSchema: true },
};

/**
 * Declares a task.
 *
 * @throws {TypeError} for an option that there is not, or of a wrong type
 * @throws {RangeError} for a number out of its range
 */
export function task<
  Input = NoSchema,
  Parsed = NoSchema,
  Taken = unknown,
  Accepted = unknown,
  Returned extends Accepted = Accepted,
  Output = NoSchema,
>(
  options: TaskOptions<Input, Parsed, Taken, Accepted, Returned, Output>,
): Task<Or<Input, Taken>, Jsonified<Or<Output, Returned>>> {
  checkOptions<object>("task()", options, TASK_OPTIONS);
  const { input, output, run, ...rules } = options;
  checkSchema("input", input);
  checkSchema("output", output);
  if (run !== undefined) checkFunction("run", run);
  checkRules(rules);
  return Object.freeze({
    input: input as StandardSchemaV1 | undefined,
    output: output as StandardSchemaV1 | undefined,
    run,
    rules: Object.freeze(rules),
  });
}

function checkRules(rules: JobRules): void {
  const { maxAttempts, retryDelaySeconds, retentionSeconds, resultSeconds, priority, timeoutSeconds } = rules;
  if (maxAttempts !== undefined) checkSetting("maxAttempts", maxAttempts);
  if (retryDelaySeconds !== undefined) checkSetting("retryDelaySeconds", retryDelaySeconds);
  if (retentionSeconds !== undefined) checkSetting("retentionSeconds", retentionSeconds);
  if (resultSeconds !== undefined) checkSetting("resultSeconds", resultSeconds);
  if (priority !== undefined) checkNumber("priority", priority, { min: 0, max: PRIORITY_MAX, isInteger: true });
  if (timeoutSeconds !== undefined) {
    checkNumber("timeoutSeconds", timeoutSeconds, { min: TIMEOUT_SECONDS_MIN, max: TIMEOUT_SECONDS_MAX });
  }
  if (rules.jsonSchema !== undefined && (typeof rules.jsonSchema !== "object" || rules.jsonSchema === null)) {
    throw new TypeError(`jsonSchema must be an object, not ${shown(rules.jsonSchema)}.`);
  }
}

function checkSchema(name: string, schema: unknown): void {
  if (schema === undefined) return;
  // A schema of arktype is a function.
  const standard = (schema as { "~standard"?: { validate?: unknown } } | null)?.["~standard"];
  if (typeof standard?.validate === "function") return;
  throw new TypeError(
    `${name} must be a Standard Schema, as those of zod 3.24, valibot 1 and arktype 2 or later are, not ${shown(schema)}.`,
  );
}
