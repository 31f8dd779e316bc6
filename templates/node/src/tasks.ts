import { defineTasks, task } from "durable-queue/tasks";

/** What a job of the task `send` is given. */
export interface Email {
  to: string;
  subject: string;
}

/** The tasks of the queue "emails". The worker runs them, the producer submits jobs of them. */
export const tasks = defineTasks("emails", {
  send: task({
    maxAttempts: 5,
    timeoutSeconds: 30,
    run: async ({ to, subject }: Email, { attempt, log }) => {
      // Throw here, and the job is tried again. Send the email here, with the job's id as the key that prevents a second one.
      if (!to.includes("@")) throw new Error(`"${to}" is no address of an email.`);
      log.info(`sending "${subject}" to ${to}, attempt ${attempt}`);
      return { to, characters: subject.length };
    },
  }),
});
