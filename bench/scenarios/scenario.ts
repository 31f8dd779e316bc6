import type { Contender, RunningServer } from "../contender.ts";
import type { Figures, Sizes } from "../roles/role.ts";
import type { Player } from "../support/player.ts";

/** What a scenario has at its disposal: a fresh server of one contender, and processes that play roles with it. */
export interface Bench {
  server: RunningServer;
  /** Starts a role in a process of its own; kept when it is ready. It ends with the scenario. */
  play(role: string, sizes: Sizes): Promise<Player>;
}

/** A figure that the table shows. */
export interface Shown {
  figure: string;
  title: string;
  /** Whether a greater one is better, as of rates. */
  isRate: boolean;
}

export interface Scenario {
  name: string;
  title: string;
  shown: readonly Shown[];
  /** Only for our own server. */
  isOurs?: boolean;
  isFor?(contender: Contender): boolean;
  run(bench: Bench): Promise<Figures>;
}
