import * as z from "zod";
import { BATCH_MESSAGES_MAX } from "../../../contract/limits.ts";
import type { Delivery } from "../../../queue/base/commands.ts";
import { type JsonOf, jsonOf } from "../../forms/json-of.ts";
import { milliseconds, orMilliseconds } from "../../forms/milliseconds.ts";
import { deliveriesJson } from "../../forms/received-json.ts";
import { leaseSeconds, waitSeconds } from "../../schema/fields.ts";
import { receivedMessage } from "../../schema/messages.ts";
import { verb } from "../base/descriptor.ts";

const reply = z.strictObject({
  messages: z.array(receivedMessage),
  /** How long the leases of the messages last. Absent without messages, and with autoAck. */
  leaseSeconds: z.number().optional(),
});

export const receive = verb({
  summary: "Hands out visible messages under leases, in order; waits for one if there is none.",
  scope: "receive",
  mayBeFirst: true,
  mayWait: true,
  request: z.strictObject({
    /** The most messages to hand out. */
    max: z.int().min(1).max(BATCH_MESSAGES_MAX).default(1),
    /** Default: the queue's setting. */
    leaseSeconds: leaseSeconds.optional(),
    timeoutSeconds: waitSeconds,
    /** Removes the messages as they are handed out, so that a lost reply loses them; they stay unfinished until done. */
    autoAck: z.boolean().default(false),
  }),
  reply,
  command: ({ max, leaseSeconds, timeoutSeconds, autoAck }) => ({
    verb: "receive",
    max,
    leaseMs: orMilliseconds(leaseSeconds),
    timeoutMs: milliseconds(timeoutSeconds),
    autoAck,
  }),
  format: ({ deliveries }) => json(deliveries),
});

function json(deliveries: readonly Delivery[]): JsonOf<z.output<typeof reply>> {
  const leaseMs = deliveries[0]?.lease?.ms;
  const lease = leaseMs === undefined ? "" : `,"leaseSeconds":${leaseMs / 1_000}`;
  return jsonOf(`{"messages":${deliveriesJson(deliveries)}${lease}}`);
}
