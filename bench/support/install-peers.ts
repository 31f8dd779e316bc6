import { spawnSync } from "node:child_process";

/** Installs the peers' clients, as their lock file has them, beside the project's own packages. */
export function installPeers(): void {
  const directory = `${import.meta.dirname}/../peers`;
  const options = ["--no-audit", "--no-fund", "--loglevel=error"];
  const { status } = spawnSync("npm", ["install", "--prefix", directory, ...options], { stdio: "inherit" });
  if (status !== 0) throw new Error("The clients of the peers could not be installed.");
}
