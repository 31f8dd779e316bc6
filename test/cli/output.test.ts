import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tableLines } from "../../worker-client/cli/base/table.ts";
import { cutText, shownText, widthOf } from "../../worker-client/cli/base/text.ts";
import { freshName, TestServer } from "../support/server.ts";
import { environmentFor, type Place, runCli } from "./in-process.ts";

const server = new TestServer();
const ESCAPE = "\u001b";

beforeAll(() => server.start());
afterAll(() => server.remove());

function cli(args: string[], place: Place = {}) {
  return runCli(args, { ...place, environment: { ...environmentFor(server), ...place.environment } });
}

describe("a table", () => {
  const columns = [
    { title: "NAME", cell: ({ name }: { name: string }) => name },
    { title: "COUNT", cell: ({ count }: { count: number }) => count, isNumber: true as const },
    { title: "TEXT", cell: ({ text }: { text: string }) => text, isLong: true as const },
  ];
  const style = (_: unknown, text: string) => text;

  test("lines up its columns, numbers to the right", () => {
    const rows = [
      { name: "a", count: 5, text: "x" },
      { name: "bcd", count: 1234, text: "" },
    ];

    expect(tableLines(columns, rows, { width: 80, style })).toEqual([
      "NAME  COUNT  TEXT",
      "a         5  x",
      "bcd    1234",
    ]);
  });

  test("is cut where it is too wide, the long column first, and shows it", () => {
    const rows = [{ name: "name-of-twenty-chars", count: 1, text: "t".repeat(200) }];
    const lines = tableLines(columns, rows, { width: 50, style });

    expect(lines[1]).toBe(`name-of-twenty-chars      1  ${"t".repeat(20)}…`);
    expect(tableLines(columns, rows, { width: 30, style }).every((line) => line.length <= 30)).toBe(true);
  });

  test("counts the columns that wide characters take", () => {
    expect([widthOf("日本"), widthOf("e\u0301"), widthOf("🎉")]).toEqual([4, 1, 2]);
    expect(cutText("日本語", 5)).toBe("日本…");
  });
});

describe("on a terminal", () => {
  test("characters that it would act upon are shown as escapes, also those of errors and names", async () => {
    const name = freshName();
    const queue = server.manager().queue(name);
    await queue.put(`\u001b[2Jgone\u009b31m`);
    const [message] = await queue.receive();
    await message?.reject({ error: "\u001b]0;title\u0007" });

    const listed = await cli(["dead", "ls", name], { columns: 200 });

    expect(listed.output).toContain("\\u001b]0;title\\u0007");
    expect(listed.output).toContain('"\\u001b[2Jgone\\u009b31m"');
    expect(listed.output).not.toContain(ESCAPE);
    expect(shownText("a\nb\tc\u202e")).toBe("a\\nb\\tc\\u202e");
  });

  test("what an input or a message brings is escaped in errors, warnings and JSON, which stays the same JSON", async () => {
    const queue = server.manager().queue(freshName());
    const item = `a\u009b31m\u202e\u001b[2J`;
    await queue.put(item);

    const refused = await cli(["put", queue.name], { input: `${ESCAPE}[31m\n` });
    const warned = await cli(["put", queue.name, "--skip-invalid"], { input: `\u009b31m\n` });
    const printed = await cli(["get", queue.name, "--json"], { columns: 80 });

    expect(refused.errors).toMatch(/^Error: Line 1 is not JSON: .*\\u001b\[31m/);
    expect(warned.errors).toMatch(/^Warning: Line 1 is not JSON: .*\\u009b31m/);
    expect(printed.output).toBe('"a\\u009b31m\\u202e\\u001b[2J"\n');
    expect(JSON.parse(printed.output)).toBe(item);
  });

  test("there are colours, and none with NO_COLOR, with TERM=dumb or in a pipe", async () => {
    const name = freshName();
    await cli(["put", name, "1"]);
    const outputOf = async (place: Place) => (await cli(["queues", "ls", name], place)).output;

    expect(await outputOf({ columns: 80, environment: { NO_COLOR: "" } })).toContain(`${ESCAPE}[1mQUEUE`);
    const isPlain = expect.stringMatching(new RegExp(`^QUEUE +VISIBLE .*\n${name} .*\n$`));
    expect(await outputOf({ columns: 80, environment: { NO_COLOR: "1" } })).toEqual(isPlain);
    expect(await outputOf({ columns: 80, environment: { NO_COLOR: "", TERM: "dumb" } })).toEqual(isPlain);
    const isJson = expect.stringMatching(new RegExp(`^\\{"name":"${name}".*\\}\n$`));
    expect(await outputOf({ environment: { NO_COLOR: "" } })).toEqual(isJson);
    expect(await outputOf({ columns: 80, environment: { DURABLE_QUEUE_JSON: "1" } })).toEqual(isJson);
  });

  test("a long list ends after 100 rows and says so; in a pipe it is whole", async () => {
    const name = freshName();
    await server
      .manager()
      .queue(name)
      .putMany(Array.from({ length: 101 }, (_, index) => index));
    const lines = ({ output }: { output: string }) => output.trimEnd().split("\n").length;

    const shown = await cli(["messages", "ls", name], { columns: 80 });
    expect([lines(shown), shown.errors]).toEqual([101, "There are more than these 100: --limit 0 shows all.\n"]);
    expect(lines(await cli(["messages", "ls", name, "--limit", "0"], { columns: 80 }))).toBe(102);
    expect(await cli(["messages", "ls", name]).then(lines)).toBe(101);
    expect(await cli(["messages", "ls", name, "--limit", "3"]).then(lines)).toBe(3);
  });
});

test("a large body arrives whole, and one that is too large is refused before it is sent", async () => {
  const name = freshName();
  const text = "ä".repeat(500_000);

  expect(await cli(["put", name, JSON.stringify(text)])).toMatchObject({ status: 0 });
  expect(await cli(["get", name, "--raw"])).toEqual({ status: 0, output: `${text}\n`, errors: "" });
  expect(await cli(["put", name, "--text", "x".repeat(1_100_000)])).toEqual({
    status: 1,
    output: "",
    errors: "Error: messages[0] has 1100002 bytes, more than 1048576.\n",
  });
});

test("bytes are printed as base64, and as they are with --raw", async () => {
  const queue = server.manager().queue(freshName());
  await queue.putMany([new Uint8Array([104, 105]), new Uint8Array([104, 105])]);

  expect(await cli(["get", queue.name])).toMatchObject({ output: '{"bytes":"aGk="}\n' });
  expect(await cli(["get", queue.name, "--raw"])).toMatchObject({ output: "hi" });
});
