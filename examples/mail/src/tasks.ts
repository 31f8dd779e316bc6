import { defineTasks, type TaskContext, task } from "durable-queue/tasks";
import { isRefusedForGood, openTransport } from "./transport.ts";

/** A mail to one recipient: a mail to several would be sent again to all of them when one has failed. */
export interface Mail {
  to: string;
  subject: string;
  text: string;
}

/** What the SMTP server has answered to a mail that it accepted. */
export interface Delivery {
  messageId: string;
  response: string;
}

const SENDER = process.env.MAIL_FROM ?? "shop@example.com";

/** The part of a Message-ID behind the @, which makes it unique in the world. */
const DOMAIN = SENDER.slice(SENDER.indexOf("@") + 1);

/**
 * Sends a mail. All attempts of one job have one Message-ID: if a worker dies after the server has accepted the mail and
 * before the job is acked, the mail is sent twice, and mail servers and programs that compare ids show it once.
 */
async function send({ to, subject, text }: Mail, { id, message, signal }: TaskContext): Promise<Delivery> {
  signal.throwIfAborted();
  const transport = openTransport();
  try {
    const { messageId, response } = await transport.sendMail({
      from: SENDER,
      ...{ to, subject, text },
      messageId: `<${id}@${DOMAIN}>`,
    });
    return { messageId, response };
  } catch (error) {
    if (isRefusedForGood(error)) await message.reject({ error });
    throw error;
  } finally {
    transport.close();
  }
}

/** The mail queue: what producers submit, and what `durable-queue work ./src/tasks.ts` does. */
export const tasks = defineTasks(
  "mails",
  {
    /** Tried for about a day: after 10 s, 20 s, 40 s and so on, then every 5 minutes. */
    send: task({ maxAttempts: 300, retryDelaySeconds: 10, timeoutSeconds: 60, run: send }),
  },
  { module: import.meta.url },
);
