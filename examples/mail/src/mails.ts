import type { Job, QueueManager } from "durable-queue";
import type { Delivery, Mail, tasks } from "./tasks.ts";

/** What mails are submitted to: a `QueueManager`, or queues in memory. */
export type Mailer = Pick<QueueManager, "queue" | "tasks">;

/** A mail that could not be sent. */
export interface DeadMail {
  id: string;
  to: string;
  attempts: number;
  /** `rejected`: the SMTP server has refused it for good. `max_attempts`: it was tried as often as it may be. */
  reason: string | undefined;
  /** The first line of the last error. */
  error: string;
}

/** The options of `submitMails`. */
export interface SubmitMailsOptions {
  /** Of the occasion, as `order-7`: a mail to the same address on the same occasion is submitted once. */
  occasion: string;
  /** How long after the first failed attempt the second begins. Default: what the task says. */
  retryDelaySeconds?: number;
}

/** The queue and its task, by type alone: the producer loads no SMTP client. */
function clientOf(mailer: Mailer) {
  return mailer.tasks<typeof tasks>("mails");
}

/** Submits mails. When it has returned they are stored, whatever crashes from then on. */
export function submitMails(
  mailer: Mailer,
  mails: readonly Mail[],
  { occasion, retryDelaySeconds }: SubmitMailsOptions,
): Promise<Job<Delivery>[]> {
  return clientOf(mailer).send.submitMany(mails, {
    retryDelaySeconds,
    each: ({ to }) => ({ dedupeKey: `${occasion}.${encodeURIComponent(to)}`, dedupeUntil: "done" }),
  });
}

/** The mails that could not be sent, as they are in the queue. */
export async function* deadMails(mailer: Mailer): AsyncGenerator<DeadMail> {
  for await (const { id, item, attempts, reason, lastError } of mailer.queue<Mail>("mails").messages({
    state: "dead",
  })) {
    yield { id, to: item.to, attempts, reason, error: lastError?.split("\n")[0] ?? "" };
  }
}

/** Has dead mails sent again, all of them or those with these ids. Answers with how many they are. */
export function sendAgain(mailer: Mailer, ids?: readonly string[]): Promise<number> {
  return mailer.queue("mails").redrive(ids === undefined ? {} : { ids: [...ids] });
}
