import { Option } from "commander";
import { PLAIN_NAMES, type PlainName, SETTINGS, type Setting } from "../../../src/contract/settings.ts";
import type { QueueOptions } from "../../src/index.ts";
import type { CliCommand } from "./command.ts";
import { booleanFlag, choiceFlag, numberFlag } from "./flags.ts";

/** What each setting is about, in the words of the help. */
const MEANINGS: Readonly<Record<PlainName, string>> = {
  order: "which visible message is next; can be changed while the queue is empty",
  maxSize: "how many messages may wait before a put waits; 0 for no bound",
  leaseSeconds: "how long a lease lasts if the consumer does not say",
  maxLeasedPerGroup: "how many messages of one group are worked on at a time",
  maxAttempts: "attempts after which a message is dead; 0 for no limit",
  retryDelaySeconds: "the delay after a first failure",
  retryDelayFactor: "by which the delay grows after each further failure",
  retryDelayMaxSeconds: "the longest such delay",
  retryDelayJitter: "which part of the delay may be left out by chance",
  idempotencySeconds: "how long the idempotency key of a put is remembered",
  dedupeSeconds: "how long a message keeps others with its dedupe key out",
  retentionSeconds: "how long after its put a message expires; 0 for never",
  resultSeconds: "for how long results and errors of jobs are kept; 0 for not at all",
  deadLetterExpired: "whether an expired message is dead, and not removed",
  deadLetterQueue: "the queue to which dead messages go",
};

/** The flags of `queues configure`: each setting of a queue but its webhook, and `--no-dead-letter-queue`. */
export function addSettingFlags(command: CliCommand): CliCommand {
  for (const name of PLAIN_NAMES) command.addOption(flagOf(name, SETTINGS[name]));
  return command.option("--no-dead-letter-queue", "dead messages stay where they are");
}

/** The flags of `queues configure`. */
export type SettingFlags = Omit<QueueOptions, "deadLetterQueue" | "push"> & { deadLetterQueue?: string | false };

/** The settings that were given. */
export function settingsIn(flags: SettingFlags): QueueOptions {
  const { deadLetterQueue } = flags;
  const others = Object.fromEntries(
    PLAIN_NAMES.flatMap((name) => (name in flags && name !== "deadLetterQueue" ? [[name, flags[name]]] : [])),
  ) as QueueOptions;
  if (deadLetterQueue === undefined) return others;
  return { ...others, deadLetterQueue: deadLetterQueue === false ? null : deadLetterQueue };
}

/** All but the webhook. */
type PlainSetting = Exclude<Setting, { kind: "webhook" }>;

function defaultOf(setting: PlainSetting): string {
  return setting.kind === "queue" ? "" : `, default ${setting.default}`;
}

function flagOf(name: PlainName, setting: PlainSetting): Option {
  const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  const meaning = `${MEANINGS[name]}${defaultOf(setting)}`;
  switch (setting.kind) {
    case "choice":
      return choiceFlag(`${flag} <order>`, meaning, setting.values);
    case "boolean":
      return booleanFlag(`${flag} <true|false>`, meaning);
    case "queue":
      return new Option(`${flag} <queue>`, meaning);
    default: {
      const { min, max, kind, isOptional = false } = setting;
      const unit = name.endsWith("Seconds") ? "seconds" : "number";
      const rule = { min, max, isInteger: kind === "integer", isZeroAllowed: isOptional };
      return numberFlag(`${flag} <${unit}>`, meaning, rule);
    }
  }
}
