import * as z from "zod";
import { milliseconds } from "../../forms/milliseconds.ts";
import { leaseSeconds, receipts } from "../../schema/fields.ts";
import { verb } from "../base/descriptor.ts";
import { stale } from "./receipts.ts";

export const extend = verb({
  summary: "Makes leases end `leaseSeconds` from now.",
  scope: "receive",
  request: z.strictObject({ receipts, leaseSeconds }),
  reply: z.strictObject({ extended: z.int(), stale, leaseEndsAt: z.number() }),
  command: ({ receipts, leaseSeconds }) => ({ verb: "extend", receipts, leaseMs: milliseconds(leaseSeconds) }),
  format: ({ extended, stale, leaseEndsAt }) => ({ extended, stale, leaseEndsAt: leaseEndsAt / 1_000 }),
});
