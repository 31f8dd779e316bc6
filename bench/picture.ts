// `picture.ts report.json picture.svg`: draws the medians of a report as bars. The picture brings its own background, so
// that it can be read on light pages and on dark ones.
import { writeFileSync } from "node:fs";
import { type Panel, panelHeight, panelSvg } from "./picture/panel.ts";
import { STYLE } from "./picture/style.ts";
import { escaped, text } from "./picture/svg.ts";
import { medianOf, type Report, readReport } from "./report.ts";

const WIDTH = 940;
const MARGIN = 28;
const GAP = 36;
const HEAD_HEIGHT = 112;
const FOOT_HEIGHT = 24;

/** Of which figures there are bars; the first has the whole width, the others share rows. */
const DRAWN = [
  { scenario: "pipeline", figure: "perSecond", title: "Pipeline: tasks per second, there and back" },
  { scenario: "single-puts", figure: "perSecond", title: "Single puts per second, 32 callers" },
  { scenario: "latency", figure: "p50Ms", title: "Median latency, ms (logarithmic)", isLogarithmic: true },
  { scenario: "batch-puts", figure: "putsPerSecond", title: "Puts per second in batches of 100" },
  { scenario: "batch-puts", figure: "receivesPerSecond", title: "Received and acked per second" },
];

function panelOf(report: Report, { scenario, figure, title, isLogarithmic = false }: (typeof DRAWN)[number]): Panel {
  const bars = report.contenders.flatMap((contender) => {
    const value = medianOf(report, scenario, contender.name, figure);
    return value === undefined ? [] : [{ ...contender, value }];
  });
  const isOurs = (name: string) => name.startsWith("durable-queue");
  bars.sort((a, b) => (isLogarithmic ? a.value - b.value : b.value - a.value));
  return { title, isLogarithmic, bars: bars.map((bar) => ({ ...bar, isOurs: isOurs(bar.name) })) };
}

function head({ machine, date, runs }: Report): string {
  const repetitions = Math.max(...runs.map(({ run }) => run));
  const where = `${machine.cores} cores, ${machine.processor}, ${machine.memoryGiB} GiB, Node ${machine.node}`;
  const when = `medians of ${repetitions} ${repetitions === 1 ? "run" : "runs"}, ${date.slice(0, 10)}`;
  const legend = [
    { name: "ours", title: "durable-queue, after its fsync" },
    { name: "durable", title: "confirmed after its fsync" },
    { name: "volatile", title: "confirmed before it is on the disk" },
  ];
  const keys = legend.map(({ name, title }, index) => {
    const x = MARGIN + index * 250;
    return `<rect class="${name}" x="${x}" y="78" width="22" height="12" rx="2"/>${text(x + 30, 88, title, "note")}`;
  });
  return [
    text(MARGIN, 36, "Task queues on one machine", "title"),
    text(MARGIN, 58, `Server and clients share it: ${where}; ${when}`, "note"),
    ...keys,
  ].join("\n");
}

function draw(report: Report): string {
  const [first, ...others] = DRAWN.map((drawn) => panelOf(report, drawn)).filter(({ bars }) => bars.length > 0);
  const parts = [head(report)];
  let y = HEAD_HEIGHT;
  if (first !== undefined) {
    parts.push(panelSvg(first, { x: MARGIN, y, width: WIDTH - 2 * MARGIN }));
    y += panelHeight(first) + GAP;
  }
  const width = (WIDTH - 2 * MARGIN - GAP) / 2;
  for (let index = 0; index < others.length; index += 2) {
    const row = others.slice(index, index + 2);
    parts.push(...row.map((panel, column) => panelSvg(panel, { x: MARGIN + column * (width + GAP), y, width })));
    y += Math.max(...row.map(panelHeight)) + GAP;
  }
  const height = y - GAP + FOOT_HEIGHT;
  const label = escaped("Bar charts of the throughput and the latency of task queues");
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${label}">`,
    STYLE,
    `<rect class="page" width="${WIDTH}" height="${height}" rx="8"/>`,
    ...parts,
    "</svg>\n",
  ].join("\n");
}

const [, , reportPath, picturePath] = process.argv;
if (reportPath === undefined || picturePath === undefined)
  throw new TypeError("Usage: picture.ts report.json picture.svg");
writeFileSync(picturePath, draw(readReport(reportPath)));
