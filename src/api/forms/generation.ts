/** Random text that identifies a generation of a queue: long enough that no receipt of an earlier one is valid. */
export function newGeneration(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => (byte % 36).toString(36)).join("");
}
