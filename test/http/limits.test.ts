/** The options and limits that a Worker sets for its server. */
import { createExecutionContext } from "cloudflare:test";
import { expect, test } from "vitest";
import { ServerEnv } from "../../src/env.ts";
import { IsolateState } from "../../src/isolate.ts";
import { type ServerOptions, serverOf } from "../../src/options.ts";
import { durableQueue } from "../../src/server.ts";

/** The text of the bound that the objects of a server have. */
function boundOf(limits: ServerOptions<object>["limits"], variables: object): string | null | undefined {
  const server = serverOf({ limits }, new IsolateState());
  return new ServerEnv(variables, createExecutionContext(), server).STORAGE_BYTES_MAX;
}

test("the bound of a queue's database is the variable, else the option, else the default", () => {
  expect(boundOf({ storageBytesMax: 1_000 }, { STORAGE_BYTES_MAX: "2000" })).toBe("2000");
  expect(boundOf({ storageBytesMax: 1_000 }, { STORAGE_BYTES_MAX: "" })).toBe("1000");
  expect(boundOf({ storageBytesMax: 1_000 }, {})).toBe("1000");
  expect(boundOf({}, {})).toBeUndefined();
});

test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e15])("a bound of %d bytes is refused", (bytes) => {
  const message = `limits.storageBytesMax is ${bytes}, but must be a whole number of bytes, at least 1. Leave it out for the default.`;

  expect(() => durableQueue({ limits: { storageBytesMax: bytes } })).toThrow(new TypeError(message));
});

test.each([
  [
    { consumer: "Consumers" },
    'durableQueue() has no option "consumer". It has basePath, queueBinding, directoryBinding, authorize, consumers, limits, webhooks, onEvent.',
  ],
  [
    { consumers: class Consumers {} },
    'consumers must be the name of the class that extends consumers({ … }), as "Consumers", not the class itself.',
  ],
  [{ consumers: "" }, 'consumers must be the name of the class that extends consumers({ … }), as "Consumers".'],
  [{ consumers: {} }, 'consumers must be the name of the class that extends consumers({ … }), as "Consumers".'],
])("options that are misspelt or of another type are refused: %j", (options, message) => {
  expect(() => durableQueue(options as ServerOptions<object>)).toThrow(new TypeError(message));
});
