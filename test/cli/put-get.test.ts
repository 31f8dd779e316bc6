import { afterAll, beforeAll, expect, test } from "vitest";
import { freshName, TestServer } from "../support/server.ts";
import { environmentFor, runCli } from "./in-process.ts";

const server = new TestServer();

beforeAll(() => server.start());
afterAll(() => server.remove());

/** A command that finds the server in its environment. */
function cli(...args: string[]) {
  return runCli(args, { environment: environmentFor(server) });
}

test("a body is put as JSON, its id is printed, and get prints it as one line", async () => {
  const name = freshName();
  const put = await cli("put", name, '{"to": "a@example.com"}');
  const got = await cli("get", name);

  expect(put).toMatchObject({ status: 0, errors: "" });
  expect(JSON.parse(put.output)).toEqual({ id: expect.any(String) });
  expect(got).toEqual({ status: 0, output: '{"to":"a@example.com"}\n', errors: "" });
  expect(await server.manager().queue(name).describe()).toMatchObject({ accepted: 1, done: 1, unfinished: 0 });
});

test('a text is put with --text, and a body that begins with "-" after "--"', async () => {
  const name = freshName();
  await cli("put", name, "--text", "--", "--json");
  await cli("put", name, "-5");

  expect(await cli("get", name)).toMatchObject({ output: '"--json"\n' });
  expect(await cli("get", name)).toMatchObject({ output: "-5\n" });
  expect(await cli("put", name, "-x")).toEqual({
    status: 2,
    output: "",
    errors:
      'Error: Unknown option "-x". A value that begins with "-" comes after "--". durable-queue put --help says more.\n',
  });
});

test("a body that is not JSON, or has a number that would lose digits, is not put", async () => {
  const name = freshName();

  expect(await cli("put", name, "{to: 1}")).toMatchObject({
    status: 2,
    errors: expect.stringMatching(
      /^Error: The body is not JSON: .* Quote it for the shell, or give --text for a plain text.\n$/,
    ),
  });
  expect(await cli("put", name, '{"id": 12345678901234567890}')).toEqual({
    status: 2,
    output: "",
    errors:
      "Error: The body has the number 12345678901234567890, which a queue would store as 12345678901234567000: send it as a text, in quotes.\n",
  });
  expect(await cli("queues", "ls", name)).toEqual({ status: 0, output: "", errors: "" });
});

test("without a message get ends with status 1 when its time is over", async () => {
  const name = freshName();

  expect(await cli("get", name, "--timeout-seconds", "0")).toEqual({
    status: 1,
    output: "",
    errors: `Error: No message became visible in ${name} in time.\n`,
  });
});

test("queues ls prints one JSON value a line, of the queues that begin so, with the counts that they reported", async () => {
  const name = freshName();
  for (const end of ["a", "b"]) await cli("put", `${name}-${end}`, "1");

  const { status, output, errors } = await cli("queues", "ls", `${name}-`);
  const queues = output
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { name: string; counts?: { visible: number } });

  expect({ status, errors }).toEqual({ status: 0, errors: "" });
  expect(queues.map((queue) => queue.name)).toEqual([`${name}-a`, `${name}-b`]);
  for (const { counts } of queues) expect(counts?.visible ?? 1).toBe(1);
});
