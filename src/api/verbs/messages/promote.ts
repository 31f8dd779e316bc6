import { viewJson } from "../../forms/received-json.ts";
import { messageRequest, messageView } from "../../schema/messages.ts";
import { verb } from "../base/descriptor.ts";

export const promote = verb({
  summary: "Makes a delayed message visible now, also one that waits for its next attempt.",
  scope: "admin",
  request: messageRequest,
  reply: messageView,
  command: ({ id }) => ({ verb: "promote", id }),
  format: ({ view }) => viewJson(view),
});
