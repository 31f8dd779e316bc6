import * as z from "zod";
import { receipts } from "../../schema/fields.ts";
import { verb } from "../base/descriptor.ts";
import { isOnlyReceipts } from "../leases/receipts.ts";
import { connectionOf } from "./connection.ts";

export const begin = verb({
  summary:
    "Reports that handlers have begun with these pushed messages. It has no reply; stale receipts come as `lost`.",
  scope: "receive",
  mayBeFirst: true,
  request: z.strictObject({ receipts }),
  reply: z.strictObject({ stale: z.array(z.string()) }),
  recognize: (request) => (isOnlyReceipts(request) ? request : undefined),
  command: ({ receipts }, context) => {
    connectionOf(context);
    return { verb: "begin", receipts };
  },
  format: ({ stale }) => ({ stale }),
});
