/** A program that is started with little memory: its task takes all of it. It says how what runs the task ended. */
import { MemoryManager } from "../../../worker-client/memory/index.ts";
import { tasksOf } from "./tasks.ts";

const isolation = process.argv[2] === "threads" ? "threads" : "processes";
const manager = new MemoryManager();
const registry = tasksOf("memory");
const reasons: string[] = [];
const worker = manager.work(registry, { isolation, processes: 1, onError: () => undefined });
worker.on("crashed", ({ reason }) => reasons.push(reason));
const client = manager.tasks(registry);
const filling = await client.fillMemory.submit();
const error = await filling.result().catch((thrown: Error) => thrown);
const square = await (await client.square.submit(3)).result();
console.log(JSON.stringify({ reasons, error: `${error}`, square }));
await manager.close();
