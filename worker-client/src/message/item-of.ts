import type { ReceivedMessage } from "../../../src/api/types.ts";
import { bytesOf } from "../base/platform.ts";

/** The item of a message: bytes travel as base64, everything else as JSON. */
export function itemOf<Item>({ body, bytes }: Pick<ReceivedMessage, "body" | "bytes">): Item {
  return (bytes === undefined ? body : bytesOf(bytes)) as Item;
}
