import { TASKS_BYTES_MAX, TASKS_MAX } from "../../../src/contract/limits.ts";
import { servedTasks, type TaskRegistry } from "../tasks/registry.ts";
import type { StandardJsonSchemaV1 } from "../tasks/standard-schema.ts";
import type { AnyTask } from "../tasks/task.ts";

/** A task that workers serve. */
export interface AnnouncedTask {
  name: string;
  /** The JSON Schema of its input; undefined where that is not known. */
  input?: Record<string, unknown> | undefined;
}

/** The version of JSON Schema that is asked for. */
const TARGET = "draft-2020-12";

const encoder = new TextEncoder();

/** The tasks of a registry that have a handler, with the JSON Schemas of their inputs if there is room for these. */
export function announcementOf(registry: TaskRegistry): AnnouncedTask[] {
  const announced = servedTasks(registry)
    .slice(0, TASKS_MAX)
    .map(([name, task]): AnnouncedTask => {
      const input = jsonSchemaOf(task);
      return input === undefined ? { name } : { name, input };
    });
  const bytes = encoder.encode(JSON.stringify(announced)).length;
  return bytes <= TASKS_BYTES_MAX ? announced : announced.map(({ name }) => ({ name }));
}

/** Undefined where the library of the schema has none, or cannot express it. */
function jsonSchemaOf({ input, rules }: AnyTask): Record<string, unknown> | undefined {
  if (rules.jsonSchema !== undefined) return { ...rules.jsonSchema };
  try {
    const { jsonSchema } = (input as Partial<StandardJsonSchemaV1> | undefined)?.["~standard"] ?? {};
    const schema = jsonSchema?.input({ target: TARGET });
    return schema === undefined ? undefined : (JSON.parse(JSON.stringify(schema)) as Record<string, unknown>);
  } catch {
    return undefined;
  }
}
