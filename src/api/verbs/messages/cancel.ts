import * as z from "zod";
import { messageRequest } from "../../schema/messages.ts";
import { verb } from "../base/descriptor.ts";

export const cancel = verb({
  summary: "Removes one message, also while it is leased.",
  scope: "admin",
  request: messageRequest,
  reply: z.strictObject({ cancelled: z.boolean() }),
  command: ({ id }) => ({ verb: "cancel", id }),
  format: () => ({ cancelled: true }),
});
