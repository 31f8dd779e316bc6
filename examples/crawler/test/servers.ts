/** What the example needs: the queue server, and a site of 2,000 pages on the ports 8001 to 8020. Ctrl-C ends both. */
import { spawn } from "node:child_process";
import { Site } from "./site.ts";

const site = await Site.open(20, 100, 8_001);
console.log("a site of 2,000 pages, from", site.firstPages[0], "to", site.firstPages.at(-1));

// Where commands are scripts, as on Windows, only a shell starts them.
const queueServer = spawn("durable-queue", ["dev"], { stdio: "inherit", shell: process.platform === "win32" });
queueServer.on("error", (error) => {
  console.error("durable-queue dev cannot be started:", error.message);
  process.exit(1);
});
queueServer.on("close", (status) => process.exit(status ?? 0));
// The terminal tells both of Ctrl-C: this one ends when the server has ended.
process.on("SIGINT", () => {});
