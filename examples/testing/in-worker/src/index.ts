import { consumers, durableQueue } from "durable-queue/server";

export interface Email {
  to: string;
}

export interface Env {
  /** Stands for a mailer: whom an email was sent to. */
  SENT: KVNamespace;
}

const queues = durableQueue<Env>({ basePath: "/queues", consumers: "Consumers" });
export class QueueObject extends queues.QueueObject {}
export class DirectoryObject extends queues.DirectoryObject {}

/** The handler, by itself, so that it can be tested by itself. */
export async function sendEmails(batch: MessageBatch<Email>, env: Env): Promise<void> {
  for (const message of batch.messages) {
    if (message.body.to.endsWith("@nowhere")) {
      message.retry({ delaySeconds: 0 });
    } else {
      await env.SENT.put(message.body.to, message.id);
      message.ack();
    }
  }
}

export class Consumers extends consumers<Env>({ emails: { queue: sendEmails } }) {}

export default {
  async fetch(request, env, ctx) {
    const to = await request.text();
    const emails = queues.of(env, ctx).queue<Email>("emails");
    return Response.json({ id: await emails.put({ to }, { maxAttempts: 3, resultSeconds: 60 }) });
  },
} satisfies ExportedHandler<Env>;
