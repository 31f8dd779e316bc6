import * as z from "zod";
import { receipts } from "../../schema/fields.ts";
import { verb } from "../base/descriptor.ts";
import { isOnlyReceipts, stale } from "./receipts.ts";

export const release = verb({
  summary: "Gives back messages with which no handler has begun: visible at once, and no attempt is counted.",
  scope: "receive",
  endsLeases: true,
  request: z.strictObject({ receipts }),
  reply: z.strictObject({ released: z.int(), stale }),
  recognize: (request) => (isOnlyReceipts(request) ? request : undefined),
  command: ({ receipts }) => ({ verb: "release", receipts }),
  format: ({ released, stale }) => ({ released, stale }),
});
