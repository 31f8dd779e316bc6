import * as z from "zod";
import type { Paused } from "../../../queue/base/configuration.ts";
import { describe as description } from "../../forms/describe.ts";
import { queueDescription } from "../../schema/queues.ts";
import { verb } from "../base/descriptor.ts";

/** The calls that are paused or resumed; without `only`, both. */
const request = z.strictObject({ only: z.enum(["puts", "receives"]).optional() });

function pausedOf({ only }: z.output<typeof request>, isPaused: boolean): Partial<Paused> {
  return only === undefined ? { puts: isPaused, receives: isPaused } : { [only]: isPaused };
}

export const pause = verb({
  summary: "Lets puts, receives or both wait until they are resumed.",
  scope: "admin",
  mayBeFirst: true,
  request,
  reply: queueDescription,
  command: (asked) => ({ verb: "pause", paused: pausedOf(asked, true) }),
  format: ({ description: what }, queueInfo) => description(what, queueInfo),
});

export const resume = verb({
  summary: "Ends a pause of puts, of receives, or of both.",
  scope: "admin",
  mayBeFirst: true,
  request,
  reply: queueDescription,
  command: (asked) => ({ verb: "pause", paused: pausedOf(asked, false) }),
  format: ({ description: what }, queueInfo) => description(what, queueInfo),
});
