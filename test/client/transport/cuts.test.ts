/** The cut test, short: `npm run cut-test` is the long one. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCuts } from "../../crash/cut-load.ts";
import { AUTHKEY, TestServer } from "../../support/server.ts";

const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));
const server = new TestServer();

beforeAll(() => server.start());
afterAll(() => server.remove());

test(`nothing acknowledged is lost or undone when connections are cut at any byte (SEED=${SEED})`, async () => {
  const { port } = server;

  const report = await runCuts({ port, authkey: AUTHKEY, seed: SEED, cuts: 30, limitSeconds: 25 });

  expect(report.verdict).toMatchObject({ isClean: true });
  const { acknowledged } = report.verdict;
  expect(report.description).toMatchObject({ accepted: acknowledged, done: acknowledged, unfinished: 0 });
  expect(report.cuts.total).toBeGreaterThanOrEqual(30);
});
