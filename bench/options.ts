import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { PEER_NAMES } from "./contenders.ts";
import { SCENARIOS } from "./scenarios.ts";

export interface Options {
  peers: readonly string[];
  scenarios: readonly string[];
  runs: number;
  date: string;
  /** Where the report goes. */
  out: string;
}

/** What the command line asks for. Throws for what does not exist. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: args.map((arg) => (arg === "--peers" ? `--peers=${PEER_NAMES.join(",")}` : arg)),
    options: {
      peers: { type: "string", default: "" },
      only: { type: "string", default: "" },
      runs: { type: "string", default: "3" },
      date: { type: "string", default: new Date().toISOString() },
      out: { type: "string" },
    },
  });
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1) throw new RangeError(`--runs must be a number of runs: ${values.runs}`);
  const scenarioNames = SCENARIOS.map(({ name }) => name);
  const out = values.out ?? `${import.meta.dirname}/results/${values.date.replaceAll(":", "-")}.json`;
  mkdirSync(dirname(out), { recursive: true });
  return {
    peers: chosen("--peers", values.peers, PEER_NAMES),
    scenarios: values.only === "" ? scenarioNames : chosen("--only", values.only, scenarioNames),
    runs,
    date: values.date,
    out,
  };
}

/** The names of a list with commas, in the order of all. */
function chosen(option: string, list: string, all: readonly string[]): string[] {
  const names = list.split(",").filter((name) => name !== "");
  const unknown = names.find((name) => !all.includes(name));
  if (unknown !== undefined) throw new RangeError(`${option} knows no ${unknown}, but ${all.join(", ")}.`);
  return all.filter((name) => names.includes(name));
}
