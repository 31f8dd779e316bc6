import * as z from "zod";
import { RECEIPTS_MAX } from "../../../contract/limits.ts";
import { resultTexts } from "../../forms/result-texts.ts";
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
    /** The results of jobs, as many as receipts: any JSON values. Those of receipts that are stale are dropped. */
    results: z.array(z.unknown()).max(RECEIPTS_MAX).optional(),
  }),
  reply: z.strictObject({ acked: z.int(), stale }),
  recognize: (request) => (isOnlyReceipts(request) ? { receipts: request.receipts, finish: true } : undefined),
  command: ({ receipts, finish, results }) => {
    if (results === undefined) return { verb: "ack", receipts, finish };
    return { verb: "ack", receipts, finish, results: resultTexts(results, receipts.length) };
  },
  format: ({ acked, stale }) => ({ acked, stale }),
});
