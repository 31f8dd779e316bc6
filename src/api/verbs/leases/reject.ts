import * as z from "zod";
import { receipts } from "../../schema/fields.ts";
import { verb } from "../base/descriptor.ts";
import { error, stale } from "./receipts.ts";

export const reject = verb({
  summary: "Gives messages up: they are dead at once, whatever attempts are left.",
  scope: "receive",
  endsLeases: true,
  request: z.strictObject({ receipts, error }),
  reply: z.strictObject({ rejected: z.int(), stale }),
  command: ({ receipts, error }) => ({ verb: "reject", receipts, error }),
  format: ({ rejected, stale }) => ({ rejected, stale }),
});
