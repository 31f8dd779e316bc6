import type { CliCommand } from "../../base/command.ts";
import { choiceFlag, numberFlag } from "../../base/flags.ts";
import { IN_FLIGHT_DEFAULT, IN_FLIGHT_MAX } from "./limits.ts";

/** What to do with lines that may have been put, where the queue does not remember. */
export type UncertainChoice = "put" | "skip";

/** The flags of a put of many lines. */
export interface LinesFlags {
  skipInvalid?: boolean;
  /** False after `--no-wait`. */
  wait?: boolean;
  inFlight?: number;
  checkpoint?: string;
  fromLine?: number;
  uncertain?: UncertainChoice;
}

/** Adds the flags of a put of many lines. */
export function addLinesFlags(command: CliCommand): CliCommand {
  return command
    .option("--skip-invalid", "leave out lines that are no message, and report them (default: stop before the first)")
    .option("--no-wait", "fail if the queue is full (default: wait for room)")
    .option(
      "--checkpoint <path>",
      "keep in this file which lines were put; the same command goes on where a killed one ended, and puts no line twice",
    )
    .addOption(
      numberFlag("--from-line <number>", "begin with this line, as the hint after Ctrl-C says", {
        ...{ min: 1, max: Number.MAX_SAFE_INTEGER },
        isInteger: true,
      }),
    )
    .addOption(
      numberFlag("--in-flight <count>", `batches of lines that are under way (default ${IN_FLIGHT_DEFAULT})`, {
        ...{ min: 1, max: IN_FLIGHT_MAX },
        isInteger: true,
      }),
    )
    .addOption(
      choiceFlag("--uncertain <choice>", "for lines that a killed run may have put more than 300 seconds ago", [
        ...["put", "skip"],
      ]),
    ) as CliCommand;
}
