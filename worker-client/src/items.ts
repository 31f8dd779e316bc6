import type { PutRequest, ReceivedMessage } from "../../src/contract/schema.ts";

/** What a put says of each of its messages beside the content. */
export type MessageOptions = Omit<PutRequest["messages"][number], "body" | "bytes">;

/**
 * A message as JSON text: bytes travel as base64, everything else as JSON. Made once, so that a put that is sent again
 * is the same put, whatever has become of the item meanwhile. Throws a `TypeError` for what JSON has no words for, such
 * as `undefined`, a function or a bigint.
 */
export function messageText(item: unknown, options: MessageOptions): string {
  const rest = JSON.stringify(options).slice(1);
  return `{${contentText(item)}${rest === "}" ? rest : `,${rest}`}`;
}

function contentText(item: unknown): string {
  if (item instanceof Uint8Array) return `"bytes":"${Buffer.from(item).toString("base64")}"`;
  const text = JSON.stringify(item);
  if (text === undefined) throw new TypeError(`An item must have a JSON form; ${typeof item} has none.`);
  return `"body":${text}`;
}

export function itemOf<Item>({ body, bytes }: Pick<ReceivedMessage, "body" | "bytes">): Item {
  return (bytes === undefined ? body : new Uint8Array(Buffer.from(bytes, "base64"))) as Item;
}
