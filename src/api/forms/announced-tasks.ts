import type { AnnouncedTask } from "../../queue/base/configuration.ts";
import type { AnnouncedTask as AnnouncedTaskReply } from "../schema/jobs.ts";
import { type JsonOf, jsonOf } from "./json-of.ts";

/** The tasks that workers have announced. Their schemas are passed on as they are stored. */
export function announcedJson(tasks: readonly AnnouncedTask[]): JsonOf<{ tasks: AnnouncedTaskReply[] }> {
  const texts = tasks.map(({ name, input }) => {
    const schema = input === undefined ? "" : `,"input":${input}`;
    return `{"name":${JSON.stringify(name)}${schema}}`;
  });
  return jsonOf(`{"tasks":[${texts.join(",")}]}`);
}
