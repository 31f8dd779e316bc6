import { readFileSync, writeFileSync } from "node:fs";
import { arch, cpus, totalmem } from "node:os";
import type { Contender } from "./contender.ts";
import type { Figures } from "./roles/role.ts";
import type { Scenario, Shown } from "./scenarios/scenario.ts";
import { median } from "./support/statistics.ts";

/** All that was measured, and where. What `picture.ts` draws. */
export interface Report {
  date: string;
  machine: Record<string, string | number>;
  contenders: { name: string; title: string; version: string; durability: string; isDurable: boolean }[];
  scenarios: { name: string; title: string; shown: readonly Shown[] }[];
  runs: Run[];
}

export interface Run {
  run: number;
  scenario: string;
  contender: string;
  figures?: Figures;
  failure?: string;
}

export async function emptyReport(date: string, contenders: readonly Contender[], scenarios: readonly Scenario[]) {
  const report: Report = {
    date,
    machine: {
      cores: cpus().length,
      processor: cpus()[0]?.model ?? "unknown",
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      system: `${process.platform} ${arch()}`,
      node: process.version,
    },
    contenders: [],
    scenarios: scenarios.map(({ name, title, shown }) => ({ name, title, shown })),
    runs: [],
  };
  for (const contender of contenders) {
    const { name, title, durability, isDurable } = contender;
    report.contenders.push({ name, title, version: await contender.version(), durability, isDurable });
  }
  return report;
}

/** Of all runs that succeeded; undefined where there is none, or none with this figure. */
export function medianOf(report: Report, scenario: string, contender: string, figure: string): number | undefined {
  const values = report.runs
    .filter((run) => run.scenario === scenario && run.contender === contender)
    .map(({ figures }) => figures?.[figure])
    .filter((value) => value !== undefined);
  return values.length === 0 ? undefined : median(values);
}

export function readReport(path: string): Report {
  return JSON.parse(readFileSync(path, "utf8")) as Report;
}

export function writeReport(report: Report, path: string): void {
  writeFileSync(path, `${JSON.stringify(report, undefined, 2)}\n`);
}
