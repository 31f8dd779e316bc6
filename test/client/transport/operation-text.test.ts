import fc from "fast-check";
import { expect, test } from "vitest";
import type { Call } from "../../../worker-client/src/transport/call.ts";
import { OperationText } from "../../../worker-client/src/transport/operation-text.ts";
import { PutMessages } from "../../../worker-client/src/transport/put-messages.ts";

/** Calls of every form: with and without a request, a key and messages. */
const calls = fc.record(
  {
    verb: fc.constantFrom("put", "receive", "ack", "describe"),
    request: fc.dictionary(fc.constantFrom("a", "max", '"'), fc.oneof(fc.jsonValue(), fc.constant(undefined))),
    idempotencyKey: fc.string(),
    messages: fc
      .tuple(
        fc.array(fc.jsonValue(), { minLength: 1, maxLength: 3 }),
        fc.record({ priority: fc.nat() }, { requiredKeys: [] }),
      )
      .map(([items, options]) => new PutMessages(items, options)),
  },
  { requiredKeys: ["verb"] },
) as fc.Arbitrary<Call>;

test("the text of an operation is the JSON of its fields, the message texts follow", () => {
  fc.assert(
    fc.property(calls, fc.nat(), fc.boolean(), (call, id, isWaiting) => {
      const { verb, request, idempotencyKey: key, messages } = call;
      const runs = messages?.runs === undefined ? {} : { messages: messages.runs };
      const wait = isWaiting ? { wait: true } : {};
      const hasRequest = request !== undefined || isWaiting || messages?.runs !== undefined;
      const fields = hasRequest ? { ...request, ...wait, ...runs } : undefined;

      const lines = new OperationText(call).linesOf(id, isWaiting);

      expect(lines).toEqual([
        JSON.stringify({ id, verb, request: fields, key, lines: messages?.count }),
        ...(messages?.lines ?? []),
      ]);
    }),
  );
});

test("a further try has the text of the first one, whatever has become of the request meanwhile", () => {
  const request = { max: 1 };
  const text = new OperationText({ verb: "receive", request });

  request.max = 2;

  expect(text.linesOf(7, false)).toEqual(['{"id":7,"verb":"receive","request":{"max":1}}']);
});

test("a request without a JSON form is a TypeError before anything is sent", () => {
  expect(() => new OperationText({ verb: "redrive", request: { max: 1n } })).toThrow(TypeError);
});
