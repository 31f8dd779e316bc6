import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { medianOf, readReport } from "../../bench/report.ts";

const DOCS = `${import.meta.dirname}/../../docs`;

/** The columns of figures, in the order of the table. */
const COLUMNS = [
  [["pipeline", "perSecond"]],
  [["single-puts", "perSecond"]],
  [["lone-puts", "perSecond"]],
  [["batch-puts", "putsPerSecond"]],
  [["batch-puts", "receivesPerSecond"]],
  [
    ["latency", "p50Ms"],
    ["latency", "p99Ms"],
  ],
] as const;

/** The cells of the table's rows, without the marks of bold text. */
function tableRows(): string[][] {
  const lines = readFileSync(`${DOCS}/performance.md`, "utf8").split("\n");
  const begin = lines.findIndex((line) => line.startsWith("| | confirms after |"));
  const rows = lines.slice(begin + 2);
  const end = rows.findIndex((line) => !line.startsWith("|"));
  return rows.slice(0, end).map((line) =>
    line
      .replaceAll("**", "")
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

function shown(figure: number | undefined): string {
  if (figure === undefined) return "–";
  return figure >= 100 ? Math.round(figure).toLocaleString("en") : figure.toFixed(2);
}

test("the table of the performance page has the medians of what was measured, for everybody", () => {
  const report = readReport(`${DOCS}/performance.json`);
  const expected = report.contenders
    .filter(({ name }) => medianOf(report, "latency", name, "p50Ms") !== undefined)
    .map(({ name, title }) => {
      const cells = COLUMNS.map((column) => {
        const figures = column.map(([scenario, figure]) => medianOf(report, scenario, name, figure));
        return figures.every((figure) => figure === undefined) ? "–" : figures.map(shown).join(" / ");
      });
      return [title, ...cells];
    });
  const written = tableRows().map(([title, _, ...cells]) => [title, ...cells]);
  expect(written).toEqual(expected);
});

test("the table of workers with default options has the medians of what was measured", () => {
  const report = readReport(`${DOCS}/performance-workers.json`);
  const page = readFileSync(`${DOCS}/performance.md`, "utf8");
  const measured = report.contenders.map(({ name, title }) => {
    return `| ${title} | ${shown(medianOf(report, "pipeline", name, "perSecond"))} |`;
  });
  expect(page).toContain(
    ["| | pipeline, tasks/s |", "| --- | --- |", ...measured.filter((row) => !row.includes("–"))].join("\n"),
  );
});

test("the table of push consumers has the medians of what was measured", () => {
  const report = readReport(`${DOCS}/performance-push.json`);
  const page = readFileSync(`${DOCS}/performance.md`, "utf8");
  const measured = report.contenders.map(({ name, title }) => {
    const [p50, p99] = ["p50Ms", "p99Ms"].map((figure) => shown(medianOf(report, "lone-push", name, figure)));
    return `| ${title} | ${shown(medianOf(report, "push", name, "perSecond"))} | ${p50} / ${p99} |`;
  });
  expect(page).toContain(
    ["| | messages/s | one alone, p50 / p99, ms |", "| --- | --- | --- |", ...measured, ""].join("\n"),
  );
});

test("the table of pools has the medians of what was measured", () => {
  const report = readReport(`${DOCS}/performance-pools.json`);
  const page = readFileSync(`${DOCS}/performance.md`, "utf8");
  const rows = report.contenders.map(({ name, title }) => {
    const [chunks, ones, one, two] = [
      ...["perSecond", "onesPerSecond"].map((figure) => medianOf(report, "pool", name, figure)),
      ...["oneMs", "twoMs"].map((figure) => medianOf(report, "queens", name, figure)),
    ];
    const ratio = one === undefined || two === undefined ? undefined : two / one;
    return `| ${title} | ${shown(chunks)} | ${shown(ones)} | ${shown(one)} / ${shown(two)} | ${shown(ratio)} |`;
  });
  const measured = rows.filter((row) => !row.includes("| – | – | – / – |"));
  expect(page).toContain(
    [
      "| | in chunks, items/s | each alone, items/s | queens on one / two, ms | two of one |",
      "| --- | --- | --- | --- | --- |",
      ...measured,
      "",
    ].join("\n"),
  );
});
