/** A program that is given to Node on its command line, and not as a file. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { APART } from "../../support/isolation/isolated.ts";

const MEMORY = new URL("../../../worker-client/memory/index.ts", import.meta.url).href;
const TASKS = new URL("../../support/isolation/tasks.ts", import.meta.url).href;

test.each(APART)("handlers of a program that is given on the command line run in %s", async (isolation) => {
  const program = `
    import { MemoryManager } from "${MEMORY}";
    import { tasksOf } from "${TASKS}";
    const manager = new MemoryManager();
    const tasks = tasksOf("given");
    const { finished } = manager.work(tasks, { isolation: "${isolation}", processes: 1 });
    const job = await manager.tasks(tasks).square.submit(7);
    console.log(await Promise.race([job.result(), finished]));
    await manager.close();`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program]);

  expect(stdout).toBe("49\n");
});
