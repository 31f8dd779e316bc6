import type { ConsumerBatch } from "durable-queue/memory";

export interface Email {
  to: string;
}

/** What the Worker is given: here a mailer. */
export interface Env {
  /** Answers with false if the mailer is busy. */
  send(to: string): Promise<boolean>;
}

/** The consumer of a Worker, for `consumers({ emails })` of `durable-queue/server`. */
export const emails = {
  batchSize: 10,
  async queue(batch: ConsumerBatch<Email>, env: Env) {
    for (const message of batch.messages) {
      if (await env.send(message.body.to)) message.ack();
      else message.retry({ delaySeconds: 3_600 });
    }
  },
};
