/** A Worker with consumers, which puts into the queues of the other one. */
import { consumers, fromService } from "../../../../../src/server.ts";

interface Env {
  QUEUES: Fetcher;
  MAILER: string;
}

/** A mail, and how many copies of it are still to be put. */
interface Email {
  to: string;
  copies: number;
}

export class Consumers extends consumers<Env>({
  emails: {
    async queue(batch: MessageBatch<Email>, env, ctx) {
      const queues = fromService(env.QUEUES);
      for (const { body } of batch.messages) {
        await queues.queue("sent").put({ to: body.to, from: env.MAILER, props: ctx.props });
        if (body.copies > 0) await queues.queue<Email>("emails").put({ ...body, copies: body.copies - 1 });
      }
    },
  },
}) {}

export default { fetch: () => new Response(null, { status: 404 }) };
