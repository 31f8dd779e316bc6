/** The body of a message as the program writes it. */

/** The member of a message's JSON that has its body: `body`, or `bytes` in base64, as in the HTTP interface. */
export function bodyJson(item: unknown): { body: unknown } | { bytes: string } {
  return item instanceof Uint8Array ? { bytes: Buffer.from(item).toString("base64") } : { body: item };
}

/** A body in a cell of a table. */
export function bodyCell(item: unknown): string {
  return item instanceof Uint8Array ? `${item.byteLength} bytes` : JSON.stringify(item);
}
