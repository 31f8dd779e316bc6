import * as z from "zod";
import { TASKS_BYTES_MAX } from "../../../contract/limits.ts";
import { announcedJson } from "../../forms/announced-tasks.ts";
import { boundedJsonTextOf } from "../../forms/json-text.ts";
import { announcedTasks } from "../../schema/jobs.ts";
import { verb } from "../base/descriptor.ts";

export const announce = verb({
  summary: "Tells which tasks workers serve, and what their inputs are. Others that are known stay.",
  scope: "receive",
  mayBeFirst: true,
  request: z.strictObject({ tasks: announcedTasks }),
  reply: z.strictObject({ tasks: announcedTasks }),
  command: ({ tasks }) => ({
    verb: "announce",
    tasks: tasks.map(({ name, input }, index) =>
      input === undefined
        ? { name }
        : { name, input: boundedJsonTextOf(input, `tasks[${index}].input`, TASKS_BYTES_MAX) },
    ),
  }),
  format: ({ tasks }) => announcedJson(tasks),
});
