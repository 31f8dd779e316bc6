import type { Output } from "../base/output.ts";

/** How many rows of a list a terminal shows if the user does not say. A pipe gets all: a program must not miss any. */
const ROWS_DEFAULT = 100;

/**
 * The first rows of a list, with a note for people where there are more.
 *
 * @param limit the most rows; 0 for all
 */
export async function* limited<Row>(
  output: Output,
  rows: AsyncIterable<Row>,
  limit = output.isJson ? 0 : ROWS_DEFAULT,
): AsyncGenerator<Row> {
  let count = 0;
  for await (const row of rows) {
    if (limit > 0 && count === limit) {
      output.note(`There are more than these ${limit}: --limit 0 shows all.`);
      return;
    }
    count += 1;
    yield row;
  }
}
