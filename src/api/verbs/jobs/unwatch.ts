import * as z from "zod";
import { verb } from "../base/descriptor.ts";
import { subscriberOf } from "../waits/connection.ts";
import { jobIds } from "./watch.ts";

export const unwatch = verb({
  summary: "Tells this socket nothing more of these jobs.",
  scope: "read",
  request: z.strictObject({ ids: jobIds }),
  reply: z.strictObject({}),
  command: ({ ids }, context) => ({ verb: "unwatch", subscriber: subscriberOf(context), ids }),
  format: () => ({}),
});
