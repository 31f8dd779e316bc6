/** Lists the mails that could not be sent; with `--again` all of them are sent again, or those whose ids follow. */
import { QueueManager } from "durable-queue";
import { deadMails, sendAgain } from "./mails.ts";

const [flag, ...ids] = process.argv.slice(2);
const manager = new QueueManager();
if (flag === "--again") {
  console.log(await sendAgain(manager, ids.length === 0 ? undefined : ids), "mails are sent again");
} else {
  for await (const { id, to, attempts, reason, error } of deadMails(manager)) {
    console.log(id, to, `${attempts} attempts`, reason, error);
  }
}
await manager.close();
