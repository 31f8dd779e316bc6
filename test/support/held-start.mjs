/**
 * Loaded before an example: says that the client is loaded, and lets the example begin when the test ends its input. So
 * the test says what comes first, however long processes take to start.
 */
import { once } from "node:events";
import "durable-queue";

process.stderr.write("loaded\n");
process.stdin.resume();
await once(process.stdin, "end");
