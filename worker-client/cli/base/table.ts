import type { Style } from "./style.ts";
import { cutText, paddedText, shownText, widthOf } from "./text.ts";

/** The columns of a terminal that does not say how many it has. */
export const COLUMNS_DEFAULT = 80;

/** How many columns a line has: some terminals say that they have none. */
export function columnsOf({ columns = 0 }: { columns?: number | undefined }): number {
  return columns > 0 ? columns : COLUMNS_DEFAULT;
}

/** The least width to which a column is cut, in columns of the terminal. */
const CELL_MIN = 6;

/** What separates two columns. */
const GAP = "  ";

/** One column of a table. */
export interface Column<Row> {
  title: string;
  /** The text of a row's cell. Default: the field of the row that has the title's name. */
  cell: (row: Row) => string | number;
  /** Whether numbers stand below each other. */
  isNumber?: true;
  /** Whether it is cut where the table does not fit, before the others are. */
  isLong?: true;
}

/**
 * A table as lines, the first of them the titles. Cells are cut where the lines would be longer than `width`, the long
 * columns first, and "…" shows it.
 */
export function tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { width, style }: { width: number; style: Style },
): string[] {
  const cells = rows.map((row) => columns.map(({ cell }) => shownText(String(cell(row)))));
  const titles = columns.map(({ title }) => title);
  const widths = fittingWidths(columns, [titles, ...cells], width);
  const line = (texts: readonly string[]) =>
    texts
      .map((text, index) => {
        const columnWidth = widths[index] ?? 0;
        const side = columns[index]?.isNumber === true ? "right" : "left";
        return paddedText(cutText(text, columnWidth), columnWidth, side);
      })
      .join(GAP)
      .trimEnd();
  return [style("bold", line(titles)), ...cells.map(line)];
}

/** The width of each column: as its widest cell, less where they do not fit together. */
function fittingWidths<Row>(
  columns: readonly Column<Row>[],
  lines: readonly (readonly string[])[],
  width: number,
): number[] {
  const widths = columns.map((_, index) => Math.max(...lines.map((cells) => widthOf(cells[index] ?? ""))));
  let excess = widths.reduce((sum, each) => sum + each, 0) + GAP.length * (columns.length - 1) - width;
  for (const isTurnOf of [(column: Column<Row>) => column.isLong === true, () => true]) {
    while (excess > 0) {
      const widest = widestOf(columns, widths, isTurnOf);
      if (widest === undefined) break;
      const next = Math.max(
        CELL_MIN,
        widths.reduce((most, each, index) => cutTo(most, each, index, widest), CELL_MIN),
      );
      const cut = Math.min(excess, Math.max(1, (widths[widest] ?? 0) - next));
      widths[widest] = (widths[widest] ?? 0) - cut;
      excess -= cut;
    }
  }
  return widths;
}

/** The widest other column, down to which the widest one can be cut at once. */
function cutTo(most: number, width: number, index: number, widest: number): number {
  return index === widest ? most : Math.max(most, width);
}

/** The index of the widest column that may be cut; undefined if there is none. */
function widestOf<Row>(
  columns: readonly Column<Row>[],
  widths: readonly number[],
  isTurnOf: (column: Column<Row>) => boolean,
): number | undefined {
  let widest: number | undefined;
  for (const [index, column] of columns.entries()) {
    const width = widths[index] ?? 0;
    if (!isTurnOf(column) || width <= CELL_MIN) continue;
    if (widest === undefined || width > (widths[widest] ?? 0)) widest = index;
  }
  return widest;
}
