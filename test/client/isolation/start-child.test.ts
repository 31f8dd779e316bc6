import { expect, test } from "vitest";
import type { ChildEnd } from "../../../worker-client/src/isolation/child.ts";
import { startChild } from "../../../worker-client/src/isolation/start-child.ts";

test("a process that the system refuses to start has ended, and nothing is thrown", async () => {
  const ended = Promise.withResolvers<ChildEnd>();
  const child = startChild(
    "processes",
    // More than any system lets a process have.
    { program: new URL(import.meta.url), environment: { FULL: "x".repeat(16_000_000) } },
    { heard: () => undefined, ended: ended.resolve },
  );
  child.send([{ kind: "end" }]);
  child.kill();

  expect(await ended.promise).toEqual({ how: "could not be started (spawn E2BIG)", isOwnDoing: false });
  expect(child).toMatchObject({ kind: "process", id: 0 });
});
