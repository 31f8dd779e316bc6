/** A worker's lines go to the logger that it is given, with the ids of messages and the names of tasks. */
import { format } from "node:util";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { MemoryManager } from "../../../worker-client/memory/index.ts";
import type { LogDetails, Logger } from "../../../worker-client/src/index.ts";
import { defineTasks, task } from "../../../worker-client/src/tasks/index.ts";

type Line = [level: string, text: string, details: LogDetails];

const LEVELS = ["debug", "info", "warn", "error"] as const;

let memory: MemoryManager;
beforeEach(() => {
  memory = new MemoryManager({ time: "virtual" });
});
afterEach(async () => {
  await memory.close();
  vi.restoreAllMocks();
});

/** A logger that keeps its lines. */
function linesOf(): { logger: Logger; lines: Line[] } {
  const lines: Line[] = [];
  const write = (level: string) => (text: string, details: LogDetails) => void lines.push([level, text, details]);
  return { lines, logger: { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") } };
}

/** Lets a worker with this logger fail at one message until it is dead. */
async function workOnce(
  logger: Logger,
  fails: { with: unknown } = { with: new RangeError("no such address") },
): Promise<string> {
  const queue = memory.queue<string>("letters");
  await queue.configure({ maxAttempts: 1 });
  const id = await queue.put("a");
  queue.work(
    () => {
      throw fails.with;
    },
    { logger },
  );
  await memory.advance(0);
  return id;
}

test("each event of a message is a line with its id, and the console has none", async () => {
  const printed = vi.spyOn(console, "error").mockReturnValue();
  const { logger, lines } = linesOf();

  const id = await workOnce(logger);

  const begin = `durable-queue: letters: message ${id}, attempt 1:`;
  const about = { queue: "letters", id, attempt: 1 };
  const error = { name: "RangeError", message: "no such address", stack: expect.stringContaining("logger.test.ts") };
  expect(lines).toEqual([
    ["debug", `${begin} started`, about],
    [
      "warn",
      expect.stringMatching(/ failed after \d\.\d{3} s: RangeError: no such address$/),
      { ...about, seconds: expect.any(Number), error },
    ],
    [
      "error",
      `${begin} is dead (max_attempts): RangeError: no such address`,
      { ...about, reason: "max_attempts", error },
    ],
  ]);
  expect(printed).not.toHaveBeenCalled();
});

test("without a logger nothing is printed but errors", async () => {
  const printed = LEVELS.map((level) => vi.spyOn(console, level).mockReturnValue());
  const queue = memory.queue<string>("letters");
  queue.work(() => undefined);
  await queue.put("a");

  await memory.advance(0);

  expect(printed.flatMap(({ mock }) => mock.calls)).toEqual([]);
});

test("with a logger errors are told to onError and to listeners all the same", async () => {
  const { logger, lines } = linesOf();
  const errors: unknown[] = [];
  const failed: unknown[] = [];
  const queue = memory.queue<string>("letters");
  const worker = queue.work(() => Promise.reject("no"), { logger, onError: (error) => errors.push(error) });
  worker.on("failed", ({ error }) => failed.push(error));
  await queue.put("a");

  await memory.advance(0);

  expect([errors, failed]).toEqual([["no"], ["no"]]);
  expect(lines.map(([level]) => level)).toEqual(["debug", "warn", "debug"]);
});

test("the text of an error is one line, and nothing in it is replaced by details", async () => {
  const { logger, lines } = linesOf();

  await workOnce(logger, { with: new Error("100%off, %o and\n  forged: line %%") });

  const [, text = "", details] = lines[1] ?? [];
  expect(text).toMatch(/: Error: 100% off, % o and forged: line % %$/);
  expect(format(text, details)).toContain(text);
  expect(details?.error?.message).toBe("100%off, %o and\n  forged: line %%");
});

test("a logger of pino's kind gets the fields before the text", async () => {
  const lines: unknown[][] = [];
  const write = (...words: unknown[]) => void lines.push(words);
  const logger = { debug: write, info: write, warn: write, error: write, bindings: () => ({}) };

  const id = await workOnce(logger as Logger);

  expect(lines[0]).toEqual([expect.objectContaining({ id }), expect.stringContaining(id)]);
});

test("every detail has a JSON form, so that loggers do not write {} for an error", async () => {
  const { logger, lines } = linesOf();

  await workOnce(logger);

  const [, , details] = lines[1] ?? [];
  expect(JSON.parse(JSON.stringify(details))).toMatchObject({
    error: { name: "RangeError", message: "no such address" },
  });
});

test.each([
  ["undefined", undefined, /undefined was thrown/],
  ["an object without a prototype", Object.create(null) as object, /object Object/],
  [
    "an error whose name cannot be read",
    Object.defineProperty(new Error("a"), "name", {
      get: () => {
        throw new Error("b");
      },
    }),
    /no text/,
  ],
])("whatever was thrown can be logged: %s", async (_, thrown, text) => {
  const { logger, lines } = linesOf();

  await workOnce(logger, { with: thrown });

  expect(lines.map(([level]) => level)).toEqual(["debug", "warn", "error"]);
  expect(lines[1]?.[1]).toMatch(text);
});

test("a logger that throws strands nothing, and what it was given is printed", async () => {
  const printed = vi.spyOn(console, "error").mockReturnValue();
  const fail = () => {
    throw new Error("the disk is full");
  };

  await workOnce({ debug: fail, info: fail, warn: fail, error: fail });

  expect(await memory.queue("letters").describe()).toMatchObject({ dead: 1, leased: 0 });
  expect(printed.mock.calls[1]?.slice(0, 2)).toEqual([
    "durable-queue: the logger failed, and this was not logged:",
    expect.stringContaining("no such address"),
  ]);
});

describe("a logger that is none", () => {
  const rule = "logger must have the functions debug, info, warn and error, as console has, but";
  test.each([
    [{ ...console, warn: undefined }, `${rule} it lacks warn.`],
    [true, `${rule} it is true.`],
    [null, `${rule} it is null.`],
  ])("is refused: %o", (logger, text) => {
    expect(() => memory.queue("letters").work(() => undefined, { logger: logger as never })).toThrow(
      new TypeError(text),
    );
  });

  test("is not the console", async () => {
    const warned = vi.spyOn(console, "warn").mockReturnValue();
    for (const level of ["debug", "error"] as const) vi.spyOn(console, level).mockReturnValue();

    await workOnce(console);

    expect(warned).toHaveBeenCalledTimes(1);
  });
});

describe("a job", () => {
  const tasks = defineTasks("images", {
    resize: task({
      run: (_: unknown, { log }) => {
        log.info("resized", { width: 3 }, "100%o");
        throw new Error("no disk");
      },
    }),
  });

  test("has the name of its task in each line, also in those of its handler", async () => {
    const { logger, lines } = linesOf();
    memory.work(tasks, { logger });
    const { id } = await memory.tasks(tasks).resize.submit("a");

    await memory.advance(0);

    const about = { queue: "images", id, attempt: 1, task: "resize" };
    expect(lines.map(([level, text]) => [level, text])).toEqual([
      ["debug", `durable-queue: images: message ${id} of task resize, attempt 1: started`],
      ["info", `resize ${id}: resized {"width":3} 100% o`],
      ["warn", expect.stringContaining(`message ${id} of task resize, attempt 1: failed after`)],
      ["debug", expect.stringContaining("will be tried again")],
    ]);
    for (const [, , details] of lines) expect(details).toMatchObject(about);
    expect(lines[1]?.[2].values).toEqual([{ width: 3 }]);
  });

  test("has the name of its task in what is printed of it", async () => {
    const printed = vi.spyOn(console, "error").mockReturnValue();
    vi.spyOn(console, "info").mockReturnValue();
    memory.work(tasks);
    const { id } = await memory.tasks(tasks).resize.submit("a");

    await memory.advance(0);

    expect(printed.mock.calls[0]?.[0]).toBe(`durable-queue: images: message ${id} of task resize, attempt 1:`);
  });
});
