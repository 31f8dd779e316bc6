import { Command, CommanderError, type Help, type HelpContext } from "commander";
import type { Context } from "./context.ts";
import { UsageError } from "./exit.ts";

/** What a command does: it is given the context, the command's own flags and its arguments. */
export type Action<Flags extends object, Args extends readonly unknown[]> = (
  context: Context,
  flags: Flags,
  ...args: Args
) => Promise<void>;

/** Makes of an action what commander calls. The types are those that the command declares. */
export type Act = <Flags extends object, Args extends readonly unknown[] = []>(
  action: Action<Flags, Args>,
) => (...given: unknown[]) => Promise<void>;

/** Adds commands to the program. */
export type AddCommands = (program: CliCommand, act: Act) => void;

/** A command whose errors are sentences that name it. */
export class CliCommand extends Command {
  override createCommand(name: string): CliCommand {
    return new CliCommand(name);
  }

  /** The help, with an example at its end. */
  example(text: string): this {
    return this.addHelpText("after", `\nExample:\n${text.replace(/^/gm, "  ")}`);
  }

  /** The words that call it, as "durable-queue queues ls". */
  get path(): string {
    return this.parent instanceof CliCommand ? `${this.parent.path} ${this.name()}` : this.name();
  }

  /**
   * Shows the help.
   *
   * @throws {CommanderError} always; with `error` because a command is missing
   */
  override help(context?: HelpContext | ((text: string) => string)): never {
    if (typeof context === "function") return super.help(context);
    if (context?.error !== true) return super.help(context);
    const names = this.createHelp()
      .visibleCommands(this)
      .map((command) => command.name());
    const message = `A command is missing after "${this.path}". There are: ${names.join(", ")}.`;
    throw new CommanderError(2, "commander.missingCommand", message);
  }

  /** @throws {CommanderError} always */
  override error(message: string, { code = "commander.error" }: { code?: string } = {}): never {
    const isAboutValue = code === "commander.unknownOption" && this.registeredArguments.length > 0;
    const hint = isAboutValue ? ' A value that begins with "-" comes after "--".' : "";
    throw new CommanderError(2, code, `${sentenceOf(message)}${hint} ${this.path} --help says more.`);
  }
}

/** A message of commander, as "error: unknown option '--x'\n(Did you mean --y?)", as sentences. */
function sentenceOf(message: string): string {
  // The value of a flag that does not exist may be a key.
  const told = message.replace(/^(error: unknown option '[^'=]*=).*'/, "$1…'");
  const [what = "", suggestion] = told.replace(/^error: /, "").split("\n");
  const sentence = `${what.charAt(0).toUpperCase()}${what.slice(1).replaceAll("'", '"')}`;
  const said = /[.?!]$/.test(sentence) ? sentence : `${sentence}.`;
  return suggestion === undefined ? said : `${said} ${suggestion.replace(/^\(|\)$/g, "")}`;
}

/** How the help of all commands looks. */
export const HELP_STYLE: Partial<Help> = { showGlobalOptions: true, minWidthToWrap: 30 };

/** The error for the user that ended the reading of a command line; undefined after help was shown. */
export function usageErrorOf({ message, exitCode }: CommanderError): UsageError | undefined {
  return exitCode === 0 ? undefined : new UsageError(message);
}
