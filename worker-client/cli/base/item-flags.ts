import {
  DELAY_SECONDS_MAX,
  MAX_ATTEMPTS_MAX,
  PRIORITY_MAX,
  RESULT_SECONDS_MAX,
  RETENTION_SECONDS_MAX,
} from "../../../src/contract/limits.ts";
import type { ItemOptions } from "../../src/index.ts";
import type { CliCommand } from "./command.ts";
import { UsageError } from "./exit.ts";
import { choiceFlag, dateFlag, numberFlag } from "./flags.ts";

/** The flags of a message that is put. */
export interface ItemFlags {
  priority?: number;
  delaySeconds?: number;
  at?: Date;
  dedupeKey?: string;
  dedupeUntil?: "done";
  group?: string;
  header?: Record<string, string>;
  maxAttempts?: number;
  retryDelaySeconds?: number;
  retentionSeconds?: number;
  resultSeconds?: number;
}

/** Adds the flags of a message that is put. */
export function addItemFlags(command: CliCommand): CliCommand {
  return command
    .addOption(
      numberFlag("--delay-seconds <seconds>", "visible only after this time, up to 366 days", {
        min: 0,
        max: DELAY_SECONDS_MAX,
      }).conflicts("at"),
    )
    .addOption(dateFlag("--at <time>", "visible only from this time on, as 2030-01-31T12:00:00Z"))
    .addOption(
      numberFlag("--priority <number>", `0 to ${PRIORITY_MAX}, lowest first, in a priority queue (default 100)`, {
        min: 0,
        max: PRIORITY_MAX,
        isInteger: true,
      }),
    )
    .option("--dedupe-key <key>", "within the queue's dedupeSeconds a second message with this key is not stored")
    .addOption(choiceFlag("--dedupe-until <end>", "the dedupe key counts until its message is done", ["done"]))
    .option("--group <name>", "messages of one group are worked on one after the other")
    .option("--header <name=value>", "a text that travels with the message; may be repeated", collectHeader)
    .addOption(
      numberFlag("--max-attempts <count>", "attempts after which it is dead, 0 for no limit (default: the queue's)", {
        min: 0,
        max: MAX_ATTEMPTS_MAX,
        isInteger: true,
      }),
    )
    .addOption(
      numberFlag("--retry-delay-seconds <seconds>", "its delay after a first failure (default: the queue's)", {
        min: 0,
        max: DELAY_SECONDS_MAX,
      }),
    )
    .addOption(
      numberFlag("--retention-seconds <seconds>", "it expires after this time, 0 for never (default: the queue's)", {
        min: 1,
        max: RETENTION_SECONDS_MAX,
        isZeroAllowed: true,
      }),
    )
    .addOption(
      numberFlag(
        "--result-seconds <seconds>",
        "how long what becomes of it is kept, up to 30 days (default: of a job, the queue's)",
        {
          min: 0,
          max: RESULT_SECONDS_MAX,
        },
      ),
    ) as CliCommand;
}

/** The options of a message that is put. */
export function itemOptionsOf(flags: ItemFlags): ItemOptions {
  const { priority, delaySeconds, at, dedupeKey, dedupeUntil, group, header, maxAttempts, retryDelaySeconds } = flags;
  const { retentionSeconds, resultSeconds } = flags;
  return {
    ...{ priority, delaySeconds, at, dedupeKey, dedupeUntil, group, headers: header },
    ...{ maxAttempts, retryDelaySeconds, retentionSeconds, resultSeconds },
  };
}

function collectHeader(text: string, headers: Record<string, string> = {}): Record<string, string> {
  const end = text.indexOf("=");
  if (end < 1) throw new UsageError(`--header is ${JSON.stringify(text)}: it must be name=value, as trace-id=4711.`);
  return { ...headers, [text.slice(0, end)]: text.slice(end + 1) };
}
