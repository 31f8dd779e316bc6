import type { Contender } from "../contender.ts";
import { dollarsPerMillion } from "../price.ts";
import type { Figures } from "../roles/role.ts";
import type { Scenario } from "../scenarios/scenario.ts";
import { Player } from "./player.ts";
import { makeScratch, removeScratch } from "./scratch.ts";

const LIMIT_MS = 180_000;

/** Runs a scenario on a fresh server of the contender, in a directory of its own; nothing of it is left afterwards. */
export async function runScenario(scenario: Scenario, contender: Contender): Promise<Figures> {
  const directory = makeScratch();
  const signal = AbortSignal.timeout(LIMIT_MS);
  const players: Player[] = [];
  try {
    const server = await contender.start(directory);
    try {
      const figures = await scenario.run({
        server,
        async play(role, sizes) {
          const player = await Player.start(contender, server.address, role, sizes, signal);
          players.push(player);
          return player;
        },
      });
      return withPrice(figures, await server.rowsWritten?.());
    } finally {
      for (const player of players) player.leave();
      await server.stop();
    }
  } finally {
    removeScratch(directory);
  }
}

function withPrice(figures: Figures, rowsWritten: number | undefined): Figures {
  if (rowsWritten === undefined || figures.messages === undefined) return figures;
  const priced = { ...figures, rowsWritten };
  return { ...priced, dollarsPerMillion: dollarsPerMillion(priced) };
}
