/**
 * What the example needs: the queue server, and an SMTP server that prints what it accepts. That one accepts `busy@…` at
 * the second time and `unknown@…` never. Ctrl-C ends both.
 */
import { spawn } from "node:child_process";
import { Inbox, moods } from "./inbox.ts";

const SMTP_PORT = 2525;

const inbox = await Inbox.open({
  port: SMTP_PORT,
  check: moods(),
  received: ({ to, messageId }) => console.log("mail to", to, messageId),
});
console.log("SMTP server at", inbox.url);

// Where commands are scripts, as on Windows, only a shell starts them.
const queueServer = spawn("durable-queue", ["dev"], { stdio: "inherit", shell: process.platform === "win32" });
queueServer.on("error", (error) => {
  console.error("durable-queue dev cannot be started:", error.message);
  process.exit(1);
});
queueServer.on("close", (status) => process.exit(status ?? 0));
// The terminal tells both of Ctrl-C: this one ends when the server has ended.
process.on("SIGINT", () => {});
