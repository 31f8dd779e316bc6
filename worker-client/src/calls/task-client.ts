import { BATCH_MESSAGES_MAX } from "../../../src/contract/limits.ts";
import { checkOptions } from "../base/check-options.ts";
import { chunksOf } from "../base/chunks.ts";
import { newKey } from "../base/idempotency-keys.ts";
import { checked, invalidInput } from "../jobs/check-value.ts";
import type { Job } from "../jobs/job.ts";
import {
  checkTaskName,
  type InputOf,
  type ResultOf,
  type TaskRegistry,
  type TaskSet,
  taskOf,
} from "../tasks/registry.ts";
import type { AnyTask } from "../tasks/task.ts";
import { PUT_MANY_OPTIONS, PUT_OPTIONS, type PutManyOptions, type PutOptions, putRulesOf } from "./put-options.ts";
import type { Queue } from "./queue.ts";

/** The options of `submit`: those of `put`, over what the task says. */
export interface SubmitOptions extends PutOptions {}

/** The options of `submitMany`: those of `putMany`, over what the task says. */
export interface SubmitManyOptions<Input> extends PutManyOptions<Input> {}

/** The calls about one task. */
export interface TaskCalls<Input, Result> {
  /**
   * Submits a job, and answers once the queue has stored it. The result is awaited with `job.result()`.
   *
   * @throws {InvalidInput} if the input does not fit the schema of the task, with what it says. Nothing was sent. Where the
   * client has only the types of the tasks, workers alone check the input
   */
  submit(...args: SubmitArguments<Input, SubmitOptions>): Promise<Job<Result>>;
  /**
   * Submits many jobs, in batches of 1,000: each batch is stored as a whole or not at all, and a call that is repeated
   * under one `idempotencyKey` submits none twice. Answers with the jobs in the order of the inputs.
   *
   * @throws {InvalidInput} if one of the inputs does not fit the schema of the task. Nothing was sent
   */
  submitMany(inputs: readonly Input[], options?: SubmitManyOptions<Input>): Promise<Job<Result>[]>;
  /** A job of the task by its id, as of another process. Sends nothing. */
  job(id: string): Job<Result>;
}

/** A task without an input is submitted without one. */
type SubmitArguments<Input, Options> = undefined extends Input
  ? [input?: Input, options?: Options]
  : [input: Input, options?: Options];

/** The client of the tasks of a queue: a member for each of them. */
export type TaskClient<Tasks extends TaskSet> = {
  readonly [Name in keyof Tasks]: TaskCalls<InputOf<Tasks[Name]>, ResultOf<Tasks[Name]>>;
} & {
  /** A job of any of the tasks by its id, as of another process. Sends nothing. */
  job(id: string): Job<ResultOf<Tasks[keyof Tasks]>>;
};

/**
 * Makes the client of a queue's tasks.
 *
 * @param registry undefined where only its types are known
 */
export function taskClient<Tasks extends TaskSet>(
  queue: Queue<unknown>,
  registry: TaskRegistry<Tasks> | undefined,
): TaskClient<Tasks> {
  const job = (id: string) => queue.job(id, undefined);
  const known = new Map<string, TaskCalls<unknown, unknown>>();
  return new Proxy(Object.create(null) as TaskClient<Tasks>, {
    get(_, name) {
      // What is awaited or made into JSON is asked for these.
      if (typeof name !== "string" || name === "then" || name === "toJSON") return undefined;
      if (name === "job") return job;
      const calls = known.get(name) ?? new OneTask(name, queue, registry);
      known.set(name, calls);
      return calls;
    },
  });
}

class OneTask implements TaskCalls<unknown, unknown> {
  readonly #name: string;
  readonly #queue: Queue<unknown>;
  readonly #registry: TaskRegistry | undefined;

  constructor(name: string, queue: Queue<unknown>, registry: TaskRegistry | undefined) {
    this.#name = name;
    this.#queue = queue;
    this.#registry = registry;
  }

  readonly submit = async (input?: unknown, options: SubmitOptions = {}): Promise<Job<unknown>> => {
    checkOptions("submit()", options, PUT_OPTIONS);
    const sent = await this.#checked(input, "");
    const [id] = await this.#queue.putJobs([sent], this.#withRules(options), this.#name);
    return this.job(id as string);
  };

  readonly submitMany = async (
    inputs: readonly unknown[],
    options: SubmitManyOptions<unknown> = {},
  ): Promise<Job<unknown>[]> => {
    if (!Array.isArray(inputs))
      throw new TypeError("submitMany() takes an array of inputs. For one there is submit().");
    checkOptions("submitMany()", options, PUT_MANY_OPTIONS);
    const sent: unknown[] = [];
    for (const [index, input] of inputs.entries()) sent.push(await this.#checked(input, `inputs[${index}] of `));
    const { each, idempotencyKey: key = newKey(), ...all } = this.#withRules(options);
    const ids: string[] = [];
    for (const [index, some] of [...chunksOf(sent, BATCH_MESSAGES_MAX)].entries()) {
      const begin = index * BATCH_MESSAGES_MAX;
      const own = each === undefined ? {} : { each: (_: unknown, at: number) => each(inputs[begin + at], begin + at) };
      // A batch has its own key, and the same one whenever the call is repeated.
      const idempotencyKey = index === 0 ? key : `${key}.${index}`;
      ids.push(...(await this.#queue.putJobs(some, { ...all, ...own, idempotencyKey }, this.#name)));
    }
    return ids.map((id) => this.job(id));
  };

  readonly job = (id: string): Job<unknown> => this.#queue.job(id, this.#name);

  /** The task as it is known here; undefined where only types are known. */
  get #task(): AnyTask | undefined {
    checkTaskName(this.#name);
    return this.#registry === undefined ? undefined : taskOf(this.#registry, this.#name);
  }

  #withRules<Options extends SubmitManyOptions<unknown>>(options: Options): Options {
    return { ...putRulesOf(this.#task?.rules ?? {}), ...options };
  }

  /** The input as it is sent, if it fits the schema in that form, which is what the worker gets. */
  async #checked(input: unknown, which: string): Promise<unknown> {
    const schema = this.#task?.input;
    const sent = input === undefined ? null : input;
    if (schema === undefined) return sent;
    const text = sent instanceof Uint8Array ? undefined : JSON.stringify(sent);
    const arrives = text === undefined ? sent : (JSON.parse(text) as unknown);
    const result = await checked(schema, input === undefined ? undefined : arrives);
    if (!("issues" in result)) return arrives;
    const what = which === "" ? `The input of the task ${this.#name}` : `${which}the task ${this.#name}`;
    throw invalidInput(what, this.#name, this.#queue.name, result.issues);
  }
}
