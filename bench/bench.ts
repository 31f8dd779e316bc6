// `npm run bench`: how fast the queue is, on this machine and beside others. `npm run bench -- --peers` compares with all
// of them, `--peers=bullmq,nats` with some, `--only=pipeline,latency` runs some scenarios, `--runs=5` takes medians of
// five; `--out` says where the raw figures go, and `--date` of which day they are. README.md says what is measured.

import { buildWorker } from "../src/local/build-worker.ts";
import type { Contender } from "./contender.ts";
import { HOME_NAMES, loadContender } from "./contenders.ts";
import { type Options, readOptions } from "./options.ts";
import { emptyReport, type Run, writeReport } from "./report.ts";
import type { Scenario } from "./scenarios/scenario.ts";
import { plays, SCENARIOS } from "./scenarios.ts";
import { installPeers } from "./support/install-peers.ts";
import { findProgram } from "./support/programs.ts";
import { runScenario } from "./support/run-scenario.ts";
import { tableOf } from "./table.ts";

/** Ours and the peers that were asked for, without those that this machine has no server of. */
async function contendersOf({ peers }: Options): Promise<Contender[]> {
  if (peers.length > 0) installPeers();
  const contenders = await Promise.all([...HOME_NAMES, ...peers].map(loadContender));
  return contenders.filter(({ name, requires }) => {
    const isThere = requires === undefined || findProgram(requires.program) !== undefined;
    if (!isThere) console.log(`${name} is skipped: install the Debian package ${requires?.debianPackage}.`);
    return isThere;
  });
}

/** Fails alone: what one contender cannot do must not cost the figures of the others. */
async function attempt(run: number, scenario: Scenario, contender: Contender): Promise<Run> {
  const attempted = { run, scenario: scenario.name, contender: contender.name };
  try {
    return { ...attempted, figures: await runScenario(scenario, contender) };
  } catch (error) {
    return { ...attempted, failure: error instanceof Error ? error.message : String(error) };
  }
}

function lineOf({ run, scenario, contender, figures = {}, failure }: Run): string {
  const numbers = Object.entries(figures).map(([name, value]) => `${name} ${Number(value.toPrecision(5))}`);
  return `${run} ${scenario}, ${contender}: ${failure ?? numbers.join(", ")}`;
}

const options = readOptions(process.argv.slice(2));
const contenders = await contendersOf(options);
const scenarios = SCENARIOS.filter(({ name }) => options.scenarios.includes(name));
const report = await emptyReport(options.date, contenders, scenarios);
await buildWorker();
// Contenders take turns, so that other load on the machine does not hit only one of them.
for (let run = 1; run <= options.runs; run += 1) {
  for (const scenario of scenarios) {
    for (const contender of contenders.filter((one) => plays(one, scenario))) {
      const result = await attempt(run, scenario, contender);
      console.log(lineOf(result));
      report.runs.push(result);
      writeReport(report, options.out);
    }
  }
}
console.log(tableOf(report));
console.log(`The raw figures are in ${options.out}.`);
if (report.runs.some(({ failure }) => failure !== undefined)) process.exitCode = 1;
