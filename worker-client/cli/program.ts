import { type CommanderError, Option } from "commander";
import type { Act, Action } from "./base/command.ts";
import { CliCommand, HELP_STYLE } from "./base/command.ts";
import { Context } from "./base/context.ts";
import { numberFlag } from "./base/flags.ts";
import type { Io } from "./base/io.ts";
import { profilesPath } from "./base/profiles.ts";
import { ADDRESS_DEFAULT, type GlobalFlags } from "./base/settings.ts";
import { columnsOf } from "./base/table.ts";
import { packageVersion } from "./base/version.ts";
import { COMMANDS } from "./commands/index.ts";

/** The widest help, in columns: longer lines are hard to read. */
const HELP_COLUMNS_MAX = 100;

/**
 * The whole command line: every command with its flags, as help, completion and the reference show it.
 *
 * @param io where the commands run
 */
export function programOf(io: Io): CliCommand {
  const program = new CliCommand("durable-queue");
  program
    .exitOverride((error: CommanderError) => {
      throw error;
    })
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      // Errors are written when the command has ended; what commander writes there is the help of a missing command.
      writeErr: () => undefined,
      outputError: () => undefined,
      getOutHelpWidth: () => Math.min(columnsOf(io.stdout), HELP_COLUMNS_MAX),
      getErrHelpWidth: () => Math.min(columnsOf(io.stderr), HELP_COLUMNS_MAX),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .configureHelp(HELP_STYLE)
    .description("Puts, takes, shows and operates the queues of a durable-queue server, and runs one on this machine.")
    .version(packageVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", rootHelp(io));
  for (const option of globalOptions()) program.addOption(option);
  const act = actIn(io);
  for (const addCommands of COMMANDS) addCommands(program, act);
  return program;
}

function globalOptions(): Option[] {
  return [
    new Option("--address <url>", `the server (env DURABLE_QUEUE_ADDRESS, default ${ADDRESS_DEFAULT})`),
    new Option("--authkey <key>", "its key; other users can see flags, so rather env DURABLE_QUEUE_AUTHKEY"),
    new Option("--profile <name>", "a server of profiles.json (env DURABLE_QUEUE_PROFILE)"),
    new Option("--json", "JSON lines also on a terminal, and for errors (env DURABLE_QUEUE_JSON=1)"),
    new Option("--yes", "do not ask (env DURABLE_QUEUE_YES=1)"),
    numberFlag("--retry-seconds <seconds>", "how long to try (env DURABLE_QUEUE_RETRY_SECONDS, default 2)", { min: 0 }),
  ];
}

function rootHelp(io: Io): string {
  return `
A flag goes before its variable of the environment (env), that before the
profile, and that before the default. Without any address and key, those of the
server that durable-queue dev runs in this folder are taken: .data/client.env.
Profiles are in ${profilesPath(io)}:
  { "production": { "address": "https://queue.example.com", "authkey": "…" } }

Results are tables on a terminal and JSON lines in a pipe. Durations are
seconds. A value that begins with "-" comes after "--". Status: 0 done,
1 failed, 2 wrong command line, 130 after Ctrl-C. NO_COLOR=1 leaves colours out.

Example, each line in a terminal of its own:
  durable-queue dev
  durable-queue put emails '{"to": "a@example.com"}'
  durable-queue get emails`;
}

function actIn(io: Io): Act {
  return <Flags extends object, Args extends readonly unknown[]>(action: Action<Flags, Args>) =>
    async (...given: unknown[]) => {
      // Commander passes the arguments, then the command's own flags and the command.
      const command = given.at(-1) as CliCommand;
      const args = given.slice(0, -2) as unknown as Args;
      const context = new Context(io, command.optsWithGlobals<GlobalFlags>());
      try {
        await action(context, command.opts<Flags>(), ...args);
      } finally {
        await context.close();
      }
    };
}
