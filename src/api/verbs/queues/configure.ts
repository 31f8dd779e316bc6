import * as z from "zod";
import { settingsOf } from "../../../queue/base/configuration.ts";
import { describe as description } from "../../forms/describe.ts";
import { queueDescription } from "../../schema/queues.ts";
import { optionalSettings } from "../../schema/settings.ts";
import { webhookChange } from "../../webhooks/change.ts";
import { verb } from "../base/descriptor.ts";
import { assertOther } from "./others.ts";

export const configure = verb({
  summary: "Changes the settings that are given, and creates the queue if there is none.",
  scope: "admin",
  mayBeFirst: true,
  request: z.strictObject(optionalSettings),
  reply: queueDescription,
  command: ({ push: webhook, ...settings }, context) => {
    assertOther(context, "deadLetterQueue", settings.deadLetterQueue);
    const push = webhook && webhookChange(webhook, context.allowsPrivateWebhooks ?? false);
    return { verb: "configure", changes: settingsOf(settings), push };
  },
  format: ({ description: what, newSecret }, queueInfo) => {
    const described = description(what, queueInfo);
    if (newSecret === undefined || described.push === null) return described;
    return { ...described, push: { ...described.push, secret: newSecret } };
  },
});
