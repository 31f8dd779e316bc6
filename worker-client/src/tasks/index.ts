/**
 * Typed tasks: what producers and workers of a queue share. It loads no other package, and nothing of the client, so that
 * a module of tasks costs nothing where it is imported.
 *
 * @example
 * export const tasks = defineTasks("images", {
 *   resize: task({ input: z.object({ url: z.url() }), run: async ({ url }, { signal }) => ({ key: await resize(url, signal) }) }),
 * });
 */
export type { Jsonified } from "./jsonified.ts";
export {
  defineTasks,
  type InputOf,
  type RegistryOptions,
  type ResultOf,
  type TaskRegistry,
  type TaskSet,
} from "./registry.ts";
export type { SchemaIssue, SchemaResult, StandardJsonSchemaV1, StandardSchemaV1 } from "./standard-schema.ts";
export { type JobRules, type Task, type TaskOptions, task } from "./task.ts";
export type { TaskContext, TaskLog } from "./task-context.ts";
