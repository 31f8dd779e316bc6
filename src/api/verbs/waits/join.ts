import * as z from "zod";
import { milliseconds } from "../../forms/milliseconds.ts";
import { waitSeconds } from "../../schema/fields.ts";
import { verb } from "../base/descriptor.ts";

export const join = verb({
  summary: "Waits until no message of the queue is unfinished.",
  scope: "read",
  mayWait: true,
  request: z.strictObject({ timeoutSeconds: waitSeconds }),
  reply: z.strictObject({ finished: z.boolean() }),
  command: ({ timeoutSeconds }) => ({ verb: "join", timeoutMs: milliseconds(timeoutSeconds) }),
  format: ({ finished }) => ({ finished }),
});
