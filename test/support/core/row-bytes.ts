import { ROW_BYTES_MAX } from "../../../src/queue/base/row-budget.ts";

/** The columns of a stored row. */
export type Columns = Record<string, string | number | boolean | Uint8Array | null>;

/** The bytes of a row over all its columns, with texts in UTF-8 and eight for each number. */
function bytesOfRow(columns: Columns): number {
  return sum(columns, (text) => Buffer.byteLength(text));
}

/** Throws if a row is larger than `ROW_BYTES_MAX`. */
export function assertRowSize(columns: Columns): void {
  // A character takes at most three bytes, so most rows need not be counted exactly.
  if (sum(columns, ({ length }) => 3 * length) <= ROW_BYTES_MAX) return;
  const bytes = bytesOfRow(columns);
  if (bytes > ROW_BYTES_MAX) throw new Error(`Row ${columns.slot} has ${bytes} bytes, more than ${ROW_BYTES_MAX}.`);
}

function sum(columns: Columns, bytesOf: (text: string) => number): number {
  let bytes = 0;
  for (const value of Object.values(columns)) {
    if (typeof value === "string") bytes += bytesOf(value);
    else if (value instanceof Uint8Array) bytes += value.length;
    else bytes += 8;
  }
  return bytes;
}
