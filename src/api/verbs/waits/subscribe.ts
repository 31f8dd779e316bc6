import * as z from "zod";
import { CREDIT_MAX } from "../../../contract/limits.ts";
import { orMilliseconds } from "../../forms/milliseconds.ts";
import { leaseSeconds } from "../../schema/fields.ts";
import { verb } from "../base/descriptor.ts";
import { subscriberOf } from "./connection.ts";

export const subscribe = verb({
  summary: "Adds to the number of messages that the queue may push to this socket, which has one subscription.",
  scope: "receive",
  mayBeFirst: true,
  request: z.strictObject({
    credit: z.int().min(1).max(CREDIT_MAX),
    /** Default: the queue's setting. */
    leaseSeconds: leaseSeconds.optional(),
  }),
  reply: z.strictObject({
    /** How many more messages may be pushed. */
    credit: z.int(),
    /** How long the leases of messages that are pushed from now on last. */
    leaseSeconds: z.number(),
    /** The server's time, by which leases end: seconds since 1970. */
    time: z.number(),
  }),
  command: ({ credit, leaseSeconds }, context) => ({
    verb: "subscribe",
    subscriber: subscriberOf(context),
    credit,
    leaseMs: orMilliseconds(leaseSeconds),
  }),
  format: ({ credit, leaseMs, time }) => ({ credit, leaseSeconds: leaseMs / 1_000, time: time / 1_000 }),
});
