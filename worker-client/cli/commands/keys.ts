import { SCOPES } from "../../../src/contract/scopes.ts";
import type { Act, CliCommand } from "../base/command.ts";
import type { Context } from "../base/context.ts";
import { UsageError } from "../base/exit.ts";

interface KeyFlags {
  name: string;
  scopes: string;
  queues?: string;
  until?: string;
}

/** `keys`: keys with scopes. */
export function addKeys(program: CliCommand, act: Act): void {
  const keys = program.command("keys").description("Make keys with scopes.");
  keys
    .command("new")
    .summary("Make a key, and print it once with the servers' setting.")
    .description(
      "Make a key, and print it once, with the value of AUTHKEYS that the server needs for it. With the variable AUTHKEYS set to the keys that a server has, the new one is added to them. To replace a key without downtime: add the new one, set AUTHKEYS at the server, give the new key to its clients, then remove the entry of the old one. Nothing is sent to a server.",
    )
    .requiredOption("--name <name>", "what operators see: 1 to 64 of A-Z a-z 0-9 . _ -")
    .requiredOption("--scopes <scopes>", `what it grants, separated by commas: ${SCOPES.join(", ")}`)
    .option("--queues <names>", "the beginnings of its queues' names, separated by commas (default: all queues)")
    .option("--until <time>", "when it ends, as 2027-01-31 or 2027-01-31T12:00:00Z (default: never)")
    .example("durable-queue keys new --name mail-worker --scopes receive,read --queues mail.")
    .action(act<KeyFlags>(makeKey));
}

async function makeKey({ io, output }: Context, { name, scopes, queues, until }: KeyFlags): Promise<void> {
  const local = await import("../../../src/local/new-key.ts");
  const options = { name, scopes: scopes.split(","), queues: queues?.split(","), until };
  const made = await local.makeKey(options, io.environment.AUTHKEYS ?? "").catch((error: Error) => {
    throw new UsageError(error.message);
  });
  await output.result(made, local.linesAboutKey(made));
}
