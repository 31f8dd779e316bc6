/** Writes log files to try the example with: some small ones, and one of 100 MB. */
import { join } from "node:path";
import { makeLog } from "./make-logs.ts";

const folder = process.argv[2] ?? "logs";
for (let server = 1; server <= 6; server += 1)
  await makeLog(join(folder, `server-${server}/access.log`), server * 5_000_000);
await makeLog(join(folder, "large.log"), 100_000_000);
