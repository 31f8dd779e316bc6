import { viewJson } from "../../forms/received-json.ts";
import { messageRequest, messageView } from "../../schema/messages.ts";
import { verb } from "../base/descriptor.ts";

export const peek = verb({
  summary: "Shows one message without leasing it.",
  scope: "read",
  request: messageRequest,
  reply: messageView,
  command: ({ id }) => ({ verb: "peek", id }),
  format: ({ view }) => viewJson(view),
});
