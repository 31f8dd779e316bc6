// `npm run cut-test`: cuts the connections of clients that put, receive, work and ack over sockets, again and again and
// at any byte, 1,000 times unless CUTS says otherwise. Then everything is drained and held against what was
// acknowledged. The places of the cuts come from a printed seed; what the clients do by then depends on the machine.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { buildWorker } from "../../src/local/build-worker.ts";
import { DataDirectory } from "../../src/local/data-directory.ts";
import { Server } from "../../src/local/server.ts";
import { type CutReport, runCuts } from "./cut-load.ts";

const CUTS = Number(process.env.CUTS ?? 1_000);
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));
const AUTHKEY = "cut-test";
const LIMIT_SECONDS = 60 + CUTS;

function report({ cuts, verdict, description, doesQueueAgree }: CutReport): void {
  const { isClean, ...findings } = verdict;
  const seconds = (performance.now() - startedAt) / 1_000;
  console.log(`\n${cuts.total} cuts in ${seconds.toFixed(0)} s, SEED=${SEED}`);
  console.log(
    `${cuts.ofRequests} of what clients sent, ${cuts.total - cuts.ofRequests} of what they were sent; ` +
      `${cuts.insideFrames} inside a frame, ${cuts.inOpenings} before the first one, ${cuts.overHttp} over HTTP`,
  );
  for (const [name, value] of Object.entries(findings)) {
    if (typeof value === "number") console.log(`${name.padEnd(16)} ${value}`);
    else console.log(`${name.padEnd(16)} ${value.length} ${value.slice(0, 10).join(" ")}`);
  }
  const { accepted, done, unfinished, rowsWritten } = description;
  console.log(
    `the queue says   ${accepted} accepted, ${done} done, ${unfinished} unfinished, ${rowsWritten} rows written`,
  );
  const isGood = isClean && doesQueueAgree;
  console.log(isGood ? "Nothing acknowledged was lost or undone." : "A PROMISE WAS BROKEN.");
  process.exitCode = isGood ? 0 : 1;
}

console.log(`SEED=${SEED} CUTS=${CUTS}`);
await buildWorker();
const directory = new DataDirectory(mkdtempSync(`${tmpdir()}/durable-queue-cuts-`));
const server = await Server.start({ host: "127.0.0.1", port: 0, authkey: AUTHKEY, directory });
const startedAt = performance.now();
let shown = 0;
try {
  const port = Number(new URL(server.address).port);
  const progress = (cuts: number, { acknowledged, acked }: { acknowledged: number; acked: number }) => {
    if (cuts < shown + 50) return;
    shown = cuts;
    console.log(`${cuts}/${CUTS} cuts, ${acknowledged} puts and ${acked} acks acknowledged so far`);
  };
  report(await runCuts({ port, authkey: AUTHKEY, seed: SEED, cuts: CUTS, limitSeconds: LIMIT_SECONDS, progress }));
} finally {
  await server.stop();
  rmSync(directory.path, { recursive: true });
}
