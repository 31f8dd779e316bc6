import * as z from "zod";
import { verb } from "../base/descriptor.ts";

export const done = verb({
  summary: "Reports messages done that were taken with `autoAck`, or acked without `finish`.",
  scope: "receive",
  request: z.strictObject({ count: z.int().min(1).max(1_000_000).default(1) }),
  reply: z.strictObject({ unfinished: z.int() }),
  command: ({ count }, { idempotencyKey }) => ({ verb: "done", count, idempotencyKey }),
  format: ({ unfinished }) => ({ unfinished }),
});
