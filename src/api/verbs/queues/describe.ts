import { describe as description } from "../../forms/describe.ts";
import { emptyRequest } from "../../schema/fields.ts";
import { queueDescription } from "../../schema/queues.ts";
import { verb } from "../base/descriptor.ts";

export const describe = verb({
  summary: "Shows settings, counts and consumers of the queue.",
  scope: "read",
  request: emptyRequest,
  reply: queueDescription,
  command: () => ({ verb: "describe" }),
  format: ({ description: what }, queueInfo) => description(what, queueInfo),
});
