import { type Queue, UnknownQueue } from "durable-queue";
import { consumers, durableQueue } from "durable-queue/server";

/** A message of the queue "emails". */
interface Email {
  to: string;
  subject: string;
}

const queues = durableQueue<Env>({ basePath: "/queues", consumers: "Consumers" });

export class QueueObject extends queues.QueueObject {}
export class DirectoryObject extends queues.DirectoryObject {}

/** The queue "emails" calls this handler with its messages. */
export class Consumers extends consumers<Env>({
  emails: {
    batchSize: 10,
    async queue(batch: MessageBatch<Email>) {
      for (const message of batch.messages) {
        // Send the email here, with message.id as the key that prevents a second one. What throws is tried again later.
        console.log(`sending "${message.body.subject}" to ${message.body.to}, attempt ${message.attempts}`);
        message.ack();
      }
    },
  },
}) {}

export default {
  async fetch(request, env, ctx) {
    const emails = queues.of(env, ctx).queue<Email>("emails");
    switch (`${request.method} ${new URL(request.url).pathname}`) {
      case "POST /emails":
        return put(emails, request);
      case "GET /":
        return show(emails);
      default:
        // Clients elsewhere use the queues below /queues, with the key AUTHKEY.
        return (await queues.fetch(request, env, ctx)) ?? new Response("Not found", { status: 404 });
    }
  },

  /** The cron trigger. The key prevents that a trigger that comes twice puts twice. */
  async scheduled({ scheduledTime }, env, ctx) {
    const emails = queues.of(env, ctx).queue<Email>("emails");
    await emails.put({ to: "ada@example.com", subject: "Daily report" }, { dedupeKey: `report-${scheduledTime}` });
  },
} satisfies ExportedHandler<Env>;

async function put(emails: Queue<Email>, request: Request): Promise<Response> {
  const email = await request.json<Email | null>().catch(() => null);
  if (typeof email?.to !== "string" || typeof email.subject !== "string") {
    return new Response('Send JSON like {"to": "ada@example.com", "subject": "Welcome"}.', { status: 400 });
  }
  const id = await emails.put({ to: email.to, subject: email.subject });
  return Response.json({ id }, { status: 202 });
}

/** How many messages are in which state. A queue exists from its first message on. */
async function show(emails: Queue<Email>): Promise<Response> {
  try {
    const { visible, delayed, leased, dead, done } = await emails.describe();
    return Response.json({ visible, delayed, leased, dead, done });
  } catch (error) {
    if (error instanceof UnknownQueue) return Response.json({ visible: 0, delayed: 0, leased: 0, dead: 0, done: 0 });
    throw error;
  }
}
