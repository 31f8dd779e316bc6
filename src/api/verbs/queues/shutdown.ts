import * as z from "zod";
import { describe as description } from "../../forms/describe.ts";
import { queueDescription } from "../../schema/queues.ts";
import { verb } from "../base/descriptor.ts";

export const shutdown = verb({
  summary: "Refuses puts from now on, and receives once nothing is left.",
  scope: "admin",
  mayBeFirst: true,
  request: z.strictObject({
    /** Discards all messages that are not leased, and leased ones that are retried or whose lease expires. */
    immediate: z.boolean().default(false),
  }),
  reply: queueDescription,
  command: ({ immediate }) => ({ verb: "shutdown", immediate }),
  format: ({ description: what }, queueInfo) => description(what, queueInfo),
});
