import * as z from "zod";
import { announcedJson } from "../../forms/announced-tasks.ts";
import { emptyRequest } from "../../schema/fields.ts";
import { announcedTasks } from "../../schema/jobs.ts";
import { verb } from "../base/descriptor.ts";

export const tasks = verb({
  summary: "Lists the tasks that workers have announced.",
  scope: "read",
  request: emptyRequest,
  reply: z.strictObject({ tasks: announcedTasks }),
  command: () => ({ verb: "tasks" }),
  format: ({ tasks: announced }) => announcedJson(announced),
});
