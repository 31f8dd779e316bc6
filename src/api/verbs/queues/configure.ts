import * as z from "zod";
import { settingsOf } from "../../../queue/base/configuration.ts";
import { describe as description } from "../../forms/describe.ts";
import { queueDescription } from "../../schema/queues.ts";
import { optionalSettings } from "../../schema/settings.ts";
import { verb } from "../base/descriptor.ts";
import { assertOther } from "./others.ts";

export const configure = verb({
  summary: "Changes the settings that are given, and creates the queue if there is none.",
  scope: "admin",
  mayBeFirst: true,
  request: z.strictObject(optionalSettings),
  reply: queueDescription,
  command: (settings, context) => {
    assertOther(context, "deadLetterQueue", settings.deadLetterQueue);
    return { verb: "configure", changes: settingsOf(settings) };
  },
  format: ({ description: what }, queueInfo) => description(what, queueInfo),
});
