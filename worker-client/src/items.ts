import type { ReceivedMessage } from "../../src/contract/schema.ts";

/** The item of a message: bytes travel as base64, everything else as JSON. */
export function itemOf<Item>({ body, bytes }: Pick<ReceivedMessage, "body" | "bytes">): Item {
  return (bytes === undefined ? body : new Uint8Array(Buffer.from(bytes, "base64"))) as Item;
}
