import * as z from "zod";
import { LIST_LIMIT_DEFAULT, LIST_LIMIT_MAX } from "../../../contract/limits.ts";
import { jsonOf } from "../../forms/json-of.ts";
import { viewJson } from "../../forms/received-json.ts";
import { messageState, messageView } from "../../schema/messages.ts";
import { verb } from "../base/descriptor.ts";

export const messages = verb({
  summary: "Lists messages without leasing them, a page at a time.",
  scope: "read",
  request: z.strictObject({
    /** Default: all. */
    state: messageState.optional(),
    /** The `cursor` of the page before, or that of a message, else its id: the list goes on behind it. */
    cursor: z.string().max(128).default(""),
    limit: z.coerce.number().int().min(1).max(LIST_LIMIT_MAX).default(LIST_LIMIT_DEFAULT),
  }),
  reply: z.strictObject({
    /** In the order of their puts. A page may be short, or even empty, before the last. */
    messages: z.array(messageView),
    /** Null on the last page. */
    cursor: z.string().nullable(),
    /** Of a damaged queue: how many stored rows of this page could not be read, or not in full. */
    damagedRows: z.int().optional(),
  }),
  command: (request) => ({ verb: "messages", ...request }),
  format: ({ views, cursor, damagedRows }) => {
    const damaged = damagedRows === undefined ? "" : `,"damagedRows":${damagedRows}`;
    return jsonOf(`{"messages":[${views.map(viewJson).join(",")}],"cursor":${JSON.stringify(cursor)}${damaged}}`);
  },
});
