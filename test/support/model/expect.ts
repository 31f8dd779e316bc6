export function show(value: unknown): string {
  return JSON.stringify(value, (_, text) => (typeof text === "string" ? text.slice(0, 60) : text)).slice(0, 2_000);
}

/** Cheaper than a test runner's assertion, which a history would call ten million times. */
export function expect<Value>(actual: Value, expected: Value, difference: () => string): void {
  if (actual !== expected) throw new Error(`${String(actual)} is not ${String(expected)}: ${difference()}`);
}
