import type { Act, CliCommand } from "../base/command.ts";
import type { Context } from "../base/context.ts";
import { counted } from "../base/durations.ts";
import { Failure, UsageError } from "../base/exit.ts";
import { numberFlag } from "../base/flags.ts";
import { request, succeeded } from "../base/http.ts";

interface LeaseFlags {
  delaySeconds?: number;
  error?: string;
  leaseSeconds?: number;
}

/** A verb of receipts: the field of its reply that counts, and what was done in a word. */
const DONE = {
  ack: "acked",
  retry: "retried",
  reject: "rejected",
  release: "released",
  extend: "extended",
} as const;

type Verb = keyof typeof DONE;

const DELAY_RULE = { min: 0, max: 31_622_400 };
const LEASE_RULE = { min: 1, max: 43_200 };

/** `leases`: what becomes of messages that `receive` has printed, by their receipts. */
export function addLeases(program: CliCommand, act: Act): void {
  const leases = program
    .command("leases")
    .summary("Finish, give back or prolong what receive has printed.")
    .description(
      "Finish, give back or prolong messages that durable-queue receive has printed, by their receipts. A receipt whose lease is over is stale: the command fails with status 1, and the message is, or was, another consumer's.",
    );
  const add = (verb: Verb, description: string) =>
    leases.command(verb).description(description).argument("<queue>").argument("<receipt...>");
  const run = (verb: Verb) => act<LeaseFlags, [string, string[]]>((...given) => settle(verb, ...given));
  add("ack", "Finish messages: they are done and removed.")
    .example("durable-queue leases ack emails RECEIPT")
    .action(run("ack"));
  add("retry", "Give messages back after a failure: visible again after a delay, or dead after the last attempt.")
    .addOption(
      numberFlag("--delay-seconds <seconds>", "visible again after this time (default: the queue's)", DELAY_RULE),
    )
    .option("--error <text>", "why it failed: the next attempt, or the dead letter, has it as lastError")
    .example('durable-queue leases retry emails RECEIPT --error "mailbox is full"')
    .action(run("retry"));
  add("reject", "Give messages up: they are dead at once, whatever attempts are left.")
    .option("--error <text>", "why it failed: the dead letter has it as lastError")
    .example('durable-queue leases reject emails RECEIPT --error "no such address"')
    .action(run("reject"));
  add("release", "Give messages back as if they had not been begun: visible at once, no attempt is counted.")
    .example("durable-queue leases release emails RECEIPT")
    .action(run("release"));
  add("extend", "Make leases end later: so many seconds from now.")
    .addOption(numberFlag("--lease-seconds <seconds>", "1 to 43,200 (default: the queue's)", LEASE_RULE))
    .example("durable-queue leases extend emails RECEIPT --lease-seconds 120")
    .action(run("extend"));
}

async function settle(
  verb: Verb,
  context: Context,
  flags: LeaseFlags,
  name: string,
  receipts: string[],
): Promise<void> {
  const { settings, output } = context;
  // The name is checked as by every other command, and so is that there is a key.
  const queue = (await context.manager()).queue(name);
  if (receipts.some((receipt) => receipt === "")) throw new UsageError("A receipt is empty.");
  const answer = await request(context, `/v1/queues/${queue.name}/${verb}`, { receipts, ...flags });
  const { stale, ...fields } = succeeded(answer, settings.address);
  const count = Number(fields[DONE[verb]] ?? 0);
  await output.result({ ...fields, stale }, `${counted(count, "message")} of ${name} ${DONE[verb]}.`);
  const staleReceipts = Array.isArray(stale) ? stale : [];
  if (staleReceipts.length === 0) return;
  throw new Failure(`Stale, because the lease is over: ${staleReceipts.join(", ")}.`, "lease_lost");
}
