import type { Contender } from "./contender.ts";
import { OUR_NAMES } from "./contenders.ts";
import { clientScenarios } from "./scenarios/clients.ts";
import { idleWaiters } from "./scenarios/idle-waiters.ts";
import { jobScenarios } from "./scenarios/jobs.ts";
import { machine } from "./scenarios/machine.ts";
import { pipeline } from "./scenarios/pipeline.ts";
import { poolScenarios } from "./scenarios/pools.ts";
import { pushScenarios } from "./scenarios/push.ts";
import type { Scenario } from "./scenarios/scenario.ts";

export const SCENARIOS: readonly Scenario[] = [
  ...[pipeline, ...jobScenarios, ...clientScenarios, ...pushScenarios, ...poolScenarios],
  ...[idleWaiters, machine],
];

/** Whether the contender takes part in the scenario. */
export function plays(contender: Contender, scenario: Scenario): boolean {
  if (contender.only?.includes(scenario.name) === false) return false;
  if (contender.without?.includes(scenario.name)) return false;
  if (scenario.isOurs && !OUR_NAMES.includes(contender.name)) return false;
  return scenario.isFor?.(contender) ?? true;
}
