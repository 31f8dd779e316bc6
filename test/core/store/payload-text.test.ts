import fc from "fast-check";
import { expect, test } from "vitest";
import type { NewMessage } from "../../../src/queue/base/commands.ts";
import {
  changedPayload,
  contentOf,
  deadLetterOf,
  headersOf,
  payloadOf,
  plannedAtOf,
  priorityOf,
  putAtOf,
  rulesOf,
} from "../../../src/queue/store/payload-text.ts";

const NOW = 1_800_000_000_123;

/** Texts by which the parts of a payload could be mistaken for one another. */
const trap = fc.constantFrom(',"priority":7', '"putAt":1', ',"headers":{"a":"b"}', '","body":"', "\\", "}", "ü");
const text = fc.oneof(
  fc.string(),
  trap,
  fc.array(trap).map((parts) => parts.join("")),
);
const headerName = fc.constantFrom("priority", "headers", "at", "body", "deadletter", "x-1");
const value = fc.oneof(
  fc.jsonValue(),
  fc.record({ body: text, priority: fc.nat(), putAt: fc.nat(), headers: fc.dictionary(headerName, text) }),
  text,
);
const content = value.map((body) => `"body":${JSON.stringify(body)}`);
const headers = fc.option(
  fc.dictionary(headerName, text, { minKeys: 1 }).map((entries) => JSON.stringify(entries)),
  { nil: undefined },
);
const seconds = fc.integer({ min: 0, max: 31_622_400_000 });
const optional = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined });
const rules = optional(
  fc.record({ maxAttempts: fc.nat(), retryDelayMs: optional(seconds), retentionMs: optional(seconds) }),
);
const deadLetter = optional(
  fc.record({
    ...{ queue: text, id: text, reason: fc.constant("rejected" as const), attempts: fc.nat() },
    ...{ firstPutAt: fc.nat(), diedAt: fc.nat(), lastError: text },
  }),
);
const message: fc.Arbitrary<NewMessage> = fc.record({
  ...{ content, headers, rules, deadLetter },
  ...{ priority: fc.integer({ min: 0, max: 255 }), delayMs: fc.constantFrom(0, 60_000) },
});

function partsOf(payload: string) {
  return {
    ...{ content: contentOf(payload), priority: priorityOf(payload), headers: headersOf(payload) },
    ...{ rules: rulesOf(payload), deadLetter: deadLetterOf(payload) },
    ...{ putAt: putAtOf(payload), plannedAt: plannedAtOf(payload) },
  };
}

test("each part of a stored message is read as it was put, whatever the others hold", () => {
  fc.assert(
    fc.property(message, (put) => {
      const payload = payloadOf(put, NOW);
      const plannedAt = put.delayMs === 0 ? 0 : NOW + put.delayMs;

      expect(() => JSON.parse(payload)).not.toThrow();
      const { content, priority, headers, rules, deadLetter } = put;
      expect(partsOf(payload)).toEqual({ content, priority, headers, rules, deadLetter, putAt: NOW, plannedAt });
    }),
  );
});

test("a change of one part leaves the others as they are", () => {
  fc.assert(
    fc.property(
      message,
      message,
      fc.constantFrom("content", "priority", "headers", "plannedAt"),
      (put, other, part) => {
        const before = payloadOf(put, NOW);
        const changes = {
          ...(part === "content" ? { content: other.content } : {}),
          ...(part === "priority" ? { priority: other.priority } : {}),
          ...(part === "headers" ? { headers: other.headers ?? null } : {}),
          plannedAt: part === "plannedAt" ? NOW + 7_000 : undefined,
        };

        const after = partsOf(changedPayload(before, changes));

        const changed = part === "plannedAt" ? NOW + 7_000 : other[part as "content"];
        expect(after).toEqual({ ...partsOf(before), [part]: changed });
      },
    ),
  );
});
