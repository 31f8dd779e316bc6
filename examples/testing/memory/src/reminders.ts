import type { Queue, Worker } from "durable-queue";

export interface Reminder {
  to: string;
  text: string;
}

const SECONDS_PER_DAY = 86_400;

/** The producer: a reminder comes after a day, and one at a time for each address. */
export function remind(reminders: Queue<Reminder>, reminder: Reminder): Promise<string> {
  return reminders.put(reminder, {
    delaySeconds: SECONDS_PER_DAY,
    dedupeKey: reminder.to,
    dedupeUntil: "done",
  });
}

/** The worker. What `send` throws is tried again later. */
export function sendReminders(reminders: Queue<Reminder>, send: (reminder: Reminder) => Promise<void>): Worker {
  return reminders.work(({ item }) => send(item), { concurrency: 10, onError: () => undefined });
}
