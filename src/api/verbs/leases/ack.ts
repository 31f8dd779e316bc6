import * as z from "zod";
import { BATCH_BYTES_MAX, RECEIPTS_MAX, RESULT_BYTES_MAX } from "../../../contract/limits.ts";
import { invalid, tooLarge } from "../../check/problem-error.ts";
import { boundedJsonTextOf } from "../../forms/json-text.ts";
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

/** The texts of results. @throws {ProblemError} `invalid`, `too_large` */
function resultTexts(results: readonly unknown[], receipts: number): string[] {
  if (results.length !== receipts) {
    throw invalid("results", `must be as many as the ${receipts} receipts, but are ${results.length}`);
  }
  let characters = 0;
  return results.map((result, index) => {
    const text = boundedJsonTextOf(result, `results[${index}]`, RESULT_BYTES_MAX);
    characters += text.length;
    if (characters > BATCH_BYTES_MAX) {
      throw tooLarge("results", `have more than ${BATCH_BYTES_MAX} characters together`);
    }
    return text;
  });
}
