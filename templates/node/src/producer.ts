import { QueueManager } from "durable-queue";
import { tasks } from "./tasks.ts";

const [to = "ada@example.com"] = process.argv.slice(2);

await using manager = new QueueManager();
await manager.connect({ retrySeconds: 10 }); // throws if the server is away or refuses the key

const job = await manager.tasks(tasks).send.submit({ to, subject: "Welcome" });
console.log("stored", job.id);

const { characters } = await job.result({ timeoutSeconds: 60 });
console.log("sent", characters, "characters");
