import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";

const PROGRAM = `
import { QueueManager, type Message } from "durable-queue";
await using manager = new QueueManager();
const queue = manager.queue<number>("typed");
const messages: Message<number>[] = await queue.receive({ max: 2 });
const item: number = await queue.get();
await using worker = queue.work((message) => message.item + 1, { concurrency: 2 });
// @ts-expect-error A queue of numbers takes no text.
await queue.put("text");
export { item, messages, worker };
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
