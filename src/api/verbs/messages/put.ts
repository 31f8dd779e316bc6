import * as z from "zod";
import { BATCH_MESSAGES_MAX } from "../../../contract/limits.ts";
import { newMessageOf, putCommand } from "../../forms/new-messages.ts";
import { waitSeconds } from "../../schema/fields.ts";
import { newMessage } from "../../schema/messages.ts";
import { verb } from "../base/descriptor.ts";

export const put = verb({
  summary: "Stores messages, all or none; waits for room where the queue is full.",
  scope: "put",
  mayBeFirst: true,
  mayWait: true,
  status: 201,
  request: z.strictObject({
    messages: z.array(newMessage).min(1).max(BATCH_MESSAGES_MAX),
    timeoutSeconds: waitSeconds,
  }),
  reply: z.strictObject({
    /** As many as the messages, in their order. */
    ids: z.array(z.string()),
    /**
     * The positions in the request, from 0 and ascending, of messages that were not stored because their `dedupeKey` is
     * known or came before in the request: their ids are those of the messages that have it. Absent if all were stored.
     */
    duplicates: z.array(z.int()).optional(),
  }),
  command: ({ messages, timeoutSeconds }, { idempotencyKey, now }) =>
    putCommand(messages.map(newMessageOf), timeoutSeconds, idempotencyKey, now),
  format: ({ ids, duplicates }) => ({ ids, duplicates }),
});
