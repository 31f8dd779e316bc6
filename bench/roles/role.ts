import type { Connection } from "../contender.ts";

/** How much a scenario does. */
export type Sizes = Record<string, number>;
/** What was measured. */
export type Figures = Record<string, number>;

export interface Stage {
  connect(): Promise<Connection>;
  address: string;
  /** Throws for a size that the scenario did not give. */
  size(name: string): number;
}

/** Prepares what is not measured, and answers with what is. */
export type Role = (stage: Stage) => Promise<() => Promise<Figures>>;
