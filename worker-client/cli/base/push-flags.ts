import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import {
  WEBHOOK_NUMBER_NAMES,
  WEBHOOK_NUMBERS,
  type WebhookNumberName,
} from "../../../src/contract/webhook-settings.ts";
import type { QueueOptions } from "../../src/index.ts";
import type { CliCommand } from "./command.ts";
import { UsageError } from "./exit.ts";
import { numberFlag } from "./flags.ts";

const MEANINGS: Readonly<Record<WebhookNumberName, string>> = {
  batchSize: "how many messages one request has at most",
  batchWaitSeconds: "how long a batch waits to be full",
  concurrency: "how many requests are under way at a time",
  timeoutSeconds: "how long the receiver may take to answer",
};

/** The flags of a queue's webhook. */
export type PushFlags = { [Name in WebhookNumberName as `push${Capitalize<Name>}`]?: number } & {
  /** False for `--no-push`. */
  push?: false;
  pushUrl?: string;
  pushSecretFile?: string;
};

/** Adds the flags of a queue's webhook, and `--no-push`. */
export function addPushFlags(command: CliCommand): CliCommand {
  command
    .option("--push-url <url>", "the webhook to which messages are pushed, signed as Standard Webhooks")
    .option("--push-secret-file <path>", "a file with its secret, or with the new and the old one in two lines");
  for (const name of WEBHOOK_NUMBER_NAMES) {
    const { min, max, isInteger, default: fallback } = WEBHOOK_NUMBERS[name];
    const flag = `--push-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    const unit = name.endsWith("Seconds") ? "seconds" : "number";
    const rule = { min, max, isInteger };
    command.addOption(numberFlag(`${flag} <${unit}>`, `${MEANINGS[name]}, default ${fallback}`, rule));
  }
  return command.option("--no-push", "messages are pushed to no webhook");
}

/**
 * The webhook that the flags ask for; undefined if they say nothing of it.
 *
 * @param folder from which the path of the file with the secret is resolved
 * @throws {UsageError} for flags that contradict each other, and for a file that cannot be read
 */
export function pushIn(flags: PushFlags, folder: string): QueueOptions["push"] {
  const numbers = Object.fromEntries(
    WEBHOOK_NUMBER_NAMES.flatMap((name) => {
      const value = flags[`push${name.charAt(0).toUpperCase()}${name.slice(1)}` as keyof PushFlags];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const { pushUrl: url, pushSecretFile: file } = flags;
  const push = {
    ...(url === undefined ? {} : { url }),
    ...(file === undefined ? {} : { secret: secretsIn(file, folder) }),
    ...numbers,
  };
  const isNothing = Object.keys(push).length === 0;
  if (flags.push === false && !isNothing)
    throw new UsageError("--no-push goes with no other flag that begins with --push.");
  if (flags.push === false) return null;
  return isNothing ? undefined : push;
}

function secretsIn(file: string, folder: string): string[] {
  let text: string;
  try {
    text = readFileSync(resolve(folder, file), "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`The file of --push-secret-file cannot be read: ${reason}.`);
  }
  const secrets = text.split(/\s+/).filter((line) => line !== "");
  if (secrets.length === 0)
    throw new UsageError(`The file ${file} of --push-secret-file is empty: it must have a secret.`);
  return secrets;
}
