import { afterEach, expect, test } from "vitest";
import { MemoryManager } from "../../../worker-client/memory/index.ts";
import { inheritedOptions } from "../../../worker-client/src/isolation/child.ts";
import { isolationOf } from "../../../worker-client/src/isolation/isolation-options.ts";
import { tasksOf } from "../../support/isolation/tasks.ts";

const manager = new MemoryManager();
afterEach(() => manager.close());

test("handlers run in the event loop, unless processes or another isolation are asked for", () => {
  expect(isolationOf({})).toBeUndefined();
  expect(isolationOf({ isolation: "event-loop" })).toBeUndefined();
  expect(isolationOf({ processes: 3 })).toEqual({
    isolation: "processes",
    processes: 3,
    maxTasksPerProcess: undefined,
  });
  expect(isolationOf({ isolation: "threads", maxTasksPerProcess: 5 })).toEqual({
    isolation: "threads",
    processes: expect.any(Number),
    maxTasksPerProcess: 5,
  });
});

test.each([
  [{ isolation: "fork" }, 'isolation must be "event-loop", "threads" or "processes", not "fork".'],
  [{ processes: 0 }, "processes must be an integer from 1 to 256, not 0."],
  [{ processes: 257 }, "processes must be an integer from 1 to 256, not 257."],
  [{ processes: "2" }, 'processes must be an integer from 1 to 256, not "2".'],
  [
    { processes: 2, maxTasksPerProcess: 1_000_001 },
    "maxTasksPerProcess must be an integer from 1 to 1000000, not 1000001.",
  ],
  [
    { isolation: "event-loop", processes: 2 },
    'processes needs handlers that run in threads or processes: give isolation "threads" or "processes" too.',
  ],
  [
    { maxTasksPerProcess: 2 },
    'maxTasksPerProcess needs handlers that run in threads or processes: give isolation "threads" or "processes" too.',
  ],
])("work() refuses %o", (options, message) => {
  expect(() => manager.work(tasksOf("options"), options as never)).toThrow(message);
});

test("work() of a queue says that only tasks run in threads and processes", () => {
  expect(() => manager.queue("options").work(() => undefined, { processes: 2 } as never)).toThrow(
    new TypeError(
      'work() of a queue has no option "processes": its handler is a function of this process. Tasks run in threads and processes: define them by defineTasks(), with { module: import.meta.url }, and give them to work() of the manager.',
    ),
  );
});

test("processes get the options of Node that this one has, but for those that are for it alone", () => {
  const shared = ["--conditions", "source", "--import=./hooks.js", "--enable-source-maps", "--max-old-space-size=200"];
  const own = [
    ["--inspect=9229", "--watch", "--cpu-prof"],
    ["--inspect-port", "9230", "--watch-path", "src", "--test-name-pattern", "first", "--cpu-prof-dir", "profiles"],
    ["--input-type=module", "-e", "work()"],
    ["--input-type", "module", "-p", "-e", "-work()"],
    ["-p", "-1"],
    ["--eval=work()"],
    ["--print=work()"],
    ["--entry-url", "file:///work.js"],
  ];

  for (const options of own) {
    expect(inheritedOptions([...options, ...shared])).toEqual(shared);
    expect(inheritedOptions([...shared, ...options])).toEqual(shared);
  }
});
