import * as z from "zod";
import { receipts } from "../../schema/fields.ts";
import { verb } from "../base/descriptor.ts";
import { isOnlyReceipts, stale } from "./receipts.ts";

export const ack = verb({
  summary: "Finishes messages: they are done and removed.",
  scope: "receive",
  endsLeases: true,
  request: z.strictObject({
    receipts,
    /** False removes the messages but leaves them unfinished until `done`: how Python's `get` and `task_done` split it. */
    finish: z.boolean().default(true),
  }),
  reply: z.strictObject({ acked: z.int(), stale }),
  recognize: (request) => (isOnlyReceipts(request) ? { receipts: request.receipts, finish: true } : undefined),
  command: ({ receipts, finish }) => ({ verb: "ack", receipts, finish }),
  format: ({ acked, stale }) => ({ acked, stale }),
});
