import * as z from "zod";
import { orMilliseconds } from "../../forms/milliseconds.ts";
import { leaseSeconds, receipts } from "../../schema/fields.ts";
import { verb } from "../base/descriptor.ts";
import { stale } from "./receipts.ts";

export const extend = verb({
  summary: "Makes leases end `leaseSeconds` from now, by default the queue's.",
  scope: "receive",
  request: z.strictObject({
    receipts,
    /** Default: the queue's setting. */
    leaseSeconds: leaseSeconds.optional(),
  }),
  reply: z.strictObject({
    extended: z.int(),
    stale,
    /** The stale receipts of jobs that were cancelled, as long as that is kept; absent if there are none. */
    cancelled: z.array(z.string()).optional(),
    /** How long the leases last, from the time at which they were extended. */
    leaseSeconds: z.number(),
    leaseEndsAt: z.number(),
  }),
  command: ({ receipts, leaseSeconds }) => ({ verb: "extend", receipts, leaseMs: orMilliseconds(leaseSeconds) }),
  format: ({ extended, stale, cancelled, leaseMs, leaseEndsAt }) => ({
    extended,
    stale,
    cancelled: cancelled.length === 0 ? undefined : cancelled,
    leaseSeconds: leaseMs / 1_000,
    leaseEndsAt: leaseEndsAt / 1_000,
  }),
});
