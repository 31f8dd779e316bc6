/** Random text for a life of a queue: enough chance that no receipt of an earlier one fits. */
export function newGeneration(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => (byte % 36).toString(36)).join("");
}
