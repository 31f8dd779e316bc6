/** Submits a mail to each address of the command line, and prints what becomes of it. Ctrl-C ends this, not the mails. */
import { asCompleted, JobFailed, QueueManager } from "durable-queue";
import { submitMails } from "./mails.ts";

const addresses = process.argv.slice(2);
if (addresses.length === 0) {
  console.error("Give the addresses: npm start -- ada@example.com busy@example.com");
  process.exit(2);
}

const manager = new QueueManager();
const mails = addresses.map((to) => ({ to, subject: "Your order", text: "It has left our warehouse." }));
const jobs = await submitMails(manager, mails, { occasion: new Date().toISOString() });
const addressOf = new Map(jobs.map(({ id }, index) => [id, addresses[index]]));
console.log("stored", jobs.length, "mails: press Ctrl-C, they are sent all the same");

for await (const job of asCompleted(jobs)) {
  const address = addressOf.get(job.id);
  try {
    const { messageId } = await job.result();
    console.log(address, "is sent as", messageId);
  } catch (error) {
    if (!(error instanceof JobFailed)) throw error;
    console.log(address, "is not sent:", error.remoteMessage);
  }
}
await manager.close();
