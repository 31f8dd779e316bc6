import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";

const PROGRAM = `
import { NotWaiting, QueueManager, type ChangeOptions, type Message, type MessageView } from "durable-queue";
await using manager = new QueueManager({ name: "typed" });
const queue = manager.queue<number>("typed");
const messages: Message<number>[] = await queue.receive({ max: 2 });
const item: number = await queue.get();
await using worker = queue.work((message) => message.item + 1, { concurrency: 2 });
// @ts-expect-error A queue of numbers takes no text.
await queue.put("text");
await queue.put(1, { headers: { trace: "a" }, maxAttempts: 3, dedupeKey: "a", dedupeUntil: "done" });
const changes: ChangeOptions<number> = { item: 2, priority: 1, headers: {} };
const view: MessageView<number> = await queue.change("id", changes);
const { order, maxSize, consumers } = await queue.configure({ order: "lifo", maxSize: 5 });
// @ts-expect-error An order that there is not.
await queue.configure({ order: "random" });
export { item, messages, worker, view, order, maxSize, consumers, NotWaiting };
`;

/**
 * Lets TypeScript check a program against the declarations of the package that is installed in a project, with no other
 * types than those of the language. Throws with what TypeScript says.
 */
export function checkTypedProgram(project: string): void {
  writeFileSync(`${project}/program.mts`, PROGRAM);
  const tsc = `${import.meta.dirname}/../../node_modules/.bin/tsc`;
  const options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2022", "--types", ""];
  try {
    execFileSync(tsc, [...options, "program.mts"], {
      cwd: project,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch (error) {
    throw new Error((error as { stdout: string }).stdout);
  }
}
