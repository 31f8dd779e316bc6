/**
 * Whether a value that was read from JSON has an integer that a double holds only roughly, so that the text from which it
 * was read may have had other digits.
 */
export function hasRoundedInteger(value: unknown): boolean {
  if (typeof value === "number") return Number.isInteger(value) && !Number.isSafeInteger(value);
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some(hasRoundedInteger);
}
