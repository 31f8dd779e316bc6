import type { PutRequest, ReceivedMessage } from "../../src/contract/schema.ts";

type NewMessage = PutRequest["messages"][number];

/**
 * What carries an item: bytes travel as base64, everything else as JSON. Throws a `TypeError` for what JSON has no
 * words for, such as `undefined`, a function or a bigint.
 */
export function contentOf(item: unknown): Pick<NewMessage, "body" | "bytes"> {
  if (item instanceof Uint8Array) return { bytes: Buffer.from(item).toString("base64") };
  if (JSON.stringify(item) === undefined)
    throw new TypeError(`An item must have a JSON form; ${typeof item} has none.`);
  return { body: item };
}

export function itemOf<Item>({ body, bytes }: ReceivedMessage): Item {
  return (bytes === undefined ? body : new Uint8Array(Buffer.from(bytes, "base64"))) as Item;
}
