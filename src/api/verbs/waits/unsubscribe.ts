import * as z from "zod";
import { emptyRequest } from "../../schema/fields.ts";
import { verb } from "../base/descriptor.ts";
import { subscriberOf } from "./connection.ts";

export const unsubscribe = verb({
  summary: "Ends the pushes to this socket.",
  scope: "receive",
  mayBeFirst: true,
  request: emptyRequest,
  /** How many more messages could have been pushed. */
  reply: z.strictObject({ credit: z.int() }),
  command: (_, context) => ({ verb: "unsubscribe", subscriber: subscriberOf(context) }),
  format: ({ credit }) => ({ credit }),
});
