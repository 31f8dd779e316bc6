import { medianOf, type Report } from "./report.ts";
import type { Shown } from "./scenarios/scenario.ts";

/** Scenarios that only ours are measured by, beside those of all contenders. */
const PRICE: Shown = { figure: "dollarsPerMillion", title: "$/million", isRate: false };

/** The medians of a report, a table for each scenario. Ratios are to the first contender's. */
export function tableOf(report: Report): string {
  return report.scenarios.map(({ name }) => scenarioTable(report, name)).join("");
}

function scenarioTable(report: Report, scenarioName: string): string {
  const scenario = report.scenarios.find(({ name }) => name === scenarioName);
  const played = report.contenders.filter(({ name }) =>
    report.runs.some((run) => run.scenario === scenarioName && run.contender === name),
  );
  if (scenario === undefined || played.length === 0) return "";
  const figureOf = (contender: string, { figure }: Shown) => medianOf(report, scenarioName, contender, figure);
  const isPriced = played.some(({ name }) => figureOf(name, PRICE) !== undefined);
  const columns = isPriced ? [...scenario.shown, PRICE] : scenario.shown;
  const first = played[0]?.name ?? "";
  const rows = played.map(({ name, durability }) => {
    const cells = columns.flatMap((column) => {
      const value = figureOf(name, column);
      return column === PRICE ? [shown(value)] : [shown(value), ratio(value, figureOf(first, column))];
    });
    return [name, ...cells, durability];
  });
  const heads = columns.flatMap((column) => (column === PRICE ? [column.title] : [column.title, "×"]));
  return `\n${scenario.title}\n${aligned([["", ...heads, ""], ...rows])}`;
}

function shown(value: number | undefined): string {
  if (value === undefined) return "–";
  if (value >= 100) return Math.round(value).toLocaleString("en");
  return value.toFixed(value >= 10 ? 1 : 2);
}

function ratio(value: number | undefined, reference: number | undefined): string {
  return value === undefined || !reference ? "" : (value / reference).toFixed(2);
}

/** Texts at both ends to the left, numbers between them to the right. */
function aligned(rows: readonly string[][]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = (row: string[]) =>
    row
      .map((cell, column) => {
        const isText = column === 0 || column === row.length - 1;
        return isText ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
      })
      .join("  ")
      .trimEnd();
  return rows.map((row) => `  ${line(row)}\n`).join("");
}
