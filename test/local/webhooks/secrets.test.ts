/** The secret of a webhook is in the database alone: in no reply, no log of the server, and not in what the command line shows. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { runCli } from "../../cli/in-process.ts";
import { AUTHKEY, freshName, TestServer } from "../../support/server.ts";
import { Receiver } from "../../support/webhooks/receiver.ts";

const [SECRET, OLD_SECRET] = [32, 32].map((bytes) => `whsec_${randomBytes(bytes).toString("base64")}`) as [
  string,
  string,
];

const server = new TestServer({ allowPrivateWebhooks: true });
const folder = mkdtempSync(join(tmpdir(), "durable-queue-secrets-"));
let receiver: Receiver;
beforeAll(async () => {
  receiver = await Receiver.start();
  await server.start();
});
afterAll(async () => {
  await server.remove();
  await receiver.stop();
  rmSync(folder, { recursive: true });
});

function cli(args: string[], place: { columns?: number } = {}) {
  const environment = { DURABLE_QUEUE_ADDRESS: server.address, DURABLE_QUEUE_AUTHKEY: AUTHKEY };
  return runCli(args, { ...place, folder, environment });
}

test("a secret is in no reply, no log line, and nothing that a command prints", async () => {
  const lines: string[] = [];
  const stderr = vi.spyOn(process.stderr, "write").mockImplementation((text) => lines.push(String(text)) > 0);
  const name = freshName();
  const queue = server.manager().queue(name);
  await queue.configure({
    ...{ maxAttempts: 1, retryDelaySeconds: 0 },
    push: { url: `${receiver.url}?token=hush`, secret: [SECRET, OLD_SECRET] },
  });
  receiver.answers.push(500, 302, 429);
  for (const body of ["failed", "redirected", "busy"]) await queue.put(body);
  await expect.poll(() => receiver.sent.length).toBeGreaterThanOrEqual(3);
  await expect.poll(() => queue.describe()).toMatchObject({ push: { state: "waiting" } });
  const dead = [];
  for await (const message of queue.messages()) dead.push(message);
  const replies = [
    ...[await queue.describe(), await queue.configure({ push: { batchSize: 2 } }), dead],
    await queue.configure({ push: { secret: `${SECRET}x` } }).catch(String),
    await queue.configure({ push: { secret: [SECRET, OLD_SECRET, SECRET] } }).catch(String),
    await (await fetch(`${server.address}/v1/queues`, { headers: { Authorization: `Bearer ${AUTHKEY}` } })).text(),
    ...(await Promise.all([
      ...[cli(["queues", "describe", name]), cli(["queues", "describe", name], { columns: 100 })],
      ...[cli(["queues", "configure", name, "--max-size", "5"]), cli(["queues", "ls"]), cli(["export", name])],
    ])),
  ];
  await server.crash();
  await server.start();
  replies.push(await queue.describe());
  stderr.mockRestore();

  const shown = JSON.stringify([replies, lines]);
  expect(lines.join("")).toContain("push_failed");
  expect(shown).toContain('"batchSize":2');
  for (const secret of [SECRET, OLD_SECRET, "hush"]) expect(shown).not.toContain(secret);
});

describe("queues configure", () => {
  test("sets a webhook with a secret from a file, changes it, and takes it away", async () => {
    const name = freshName();
    writeFileSync(join(folder, "secret"), `${SECRET}\n${OLD_SECRET}\n`);
    const set = await cli([
      ...["queues", "configure", name, "--push-url", receiver.url, "--push-secret-file", "secret"],
      ...["--push-batch-size", "10", "--push-timeout-seconds", "2.5"],
    ]);
    const changed = await cli(["queues", "configure", name, "--push-concurrency", "2", "--max-size", "9"]);
    const none = await cli(["queues", "configure", name, "--no-push"]);

    expect(JSON.parse(set.output).push).toMatchObject({ url: receiver.url, batchSize: 10, timeoutSeconds: 2.5 });
    expect(JSON.parse(changed.output)).toMatchObject({ maxSize: 9, push: { batchSize: 10, concurrency: 2 } });
    expect(JSON.parse(none.output).push).toBeNull();
    expect(set.output + changed.output + none.output).not.toContain("whsec_");
  });

  test("prints a secret that the server makes, once and apart", async () => {
    const name = freshName();
    const first = await cli(["queues", "configure", name, "--push-url", receiver.url], { columns: 100 });
    const second = await cli(["queues", "configure", name, "--push-url", receiver.url], { columns: 100 });
    const described = await cli(["queues", "describe", name], { columns: 100 });

    const [is, secret] = first.output.trimEnd().split("\n");
    expect(is).toMatch(new RegExp(`^${name} has push \\{"kind":"webhook","url":"${receiver.url}"`));
    expect(secret).toMatch(
      /^The secret of the webhook is whsec_\S{44} and is not shown again: give it to the receiver\.$/,
    );
    expect(second.output + described.output).not.toContain("whsec_");
    expect(described.output).toMatch(/pushed to +http:\/\/127\.0\.0\.1/);
  });

  test.for([
    [["--push-batch-size", "101"], /It must be a whole number from 1 to 100\./],
    [["--push-batch-size", "2"], /push\.url is missing; it must be the URL of the receiver/],
    [["--no-push", "--push-url", "https://a.example"], /--no-push goes with no other flag that begins with --push\./],
    [
      ["--push-url", "https://a.example", "--push-secret-file", "none"],
      /The file of --push-secret-file cannot be read: ENOENT/,
    ],
    [
      ["--push-url", "https://a.example", "--push-secret-file", "empty"],
      /The file empty of --push-secret-file is empty: it must have a secret\./,
    ],
  ] as const)("refuses %j", async ([flags, sentence]) => {
    writeFileSync(join(folder, "empty"), "\n");
    const { status, errors } = await cli(["queues", "configure", freshName(), ...flags]);

    expect(status).not.toBe(0);
    expect(errors).toMatch(sentence);
  });
});
