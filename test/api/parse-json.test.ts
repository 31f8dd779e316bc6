import fc from "fast-check";
import { expect, test } from "vitest";
import { check } from "../../src/api/check/check.ts";
import { ENTRIES_MAX, fieldsLeftOut, HTTP_DEPTH, parseRequest } from "../../src/api/check/parse-json.ts";
import { ProblemError } from "../../src/api/check/problem-error.ts";
import { VERBS } from "../../src/api/verbs/index.ts";
import { operationsOf } from "../../src/socket/operations.ts";

/** Makes a text long enough to be looked at, without another meaning. */
function long(text: string): string {
  return text + " ".repeat(70_000);
}

function fields(count: number): string {
  return Array.from({ length: count }, (_, index) => `"field-${index}":[1,{"a":",}"}]`).join(",");
}

function detailOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof ProblemError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "accepted";
}

test("a request within bounds is parsed as JSON, whatever is in its strings", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), (text) => {
      expect(parseRequest(long(text), HTTP_DEPTH)).toEqual(JSON.parse(text));
    }),
    { numRuns: 500 },
  );
});

test("quotation marks and backslashes in strings end nothing", () => {
  const value = { messages: [{ body: ['"', "\\", '\\"', '\\\\"', "},{", "]"] }] };

  expect(parseRequest(long(JSON.stringify(value)), HTTP_DEPTH)).toEqual(value);
});

test.each(["{", '{"a":1', '{"a":', '"', "]", "{}}", `{${fields(3_000)}`])(
  "%.20j is not JSON however long it is",
  (text) => {
    expect(() => parseRequest(long(text), HTTP_DEPTH)).toThrow(SyntaxError);
  },
);

test("of an object with very many fields the first are parsed, and the others are counted", () => {
  const value = parseRequest(`{${fields(50_000)}}`, HTTP_DEPTH);

  expect(Object.keys(value as object)).toHaveLength(ENTRIES_MAX);
  expect(fieldsLeftOut(value)).toBe(50_000 - ENTRIES_MAX);
  expect(detailOf(() => check(VERBS.configure.request, value))).toContain("these 20 and 49980 more");
});

test.each([
  ["over HTTP", HTTP_DEPTH, (results: string) => `{"receipts":["a","b"],"results": ${results}}`],
  [
    "on the socket",
    Number.POSITIVE_INFINITY,
    (results: string) => `{"id":1,"request":{"results":${results}},"verb":"ack"}`,
  ],
])("results of jobs are parsed in full, however many elements and fields they have: %s", (_, depth, requestOf) => {
  const list = Array.from({ length: 20_000 }, (_, n) => n);
  const object = Object.fromEntries(list.map((n) => [`field-${n}`, [n]]));
  const text = requestOf(JSON.stringify([list, object, { results: list }]));

  const value = parseRequest(text, depth);

  expect(value).toEqual(JSON.parse(text));
  expect(fieldsLeftOut(value)).toBe(0);
});

test("a list of very many results is as wrong when only the first are parsed", () => {
  const value = parseRequest(`{"receipts":[],"results":[${"[1,2],".repeat(20_000)}1]}`, HTTP_DEPTH);

  expect((value as { results: unknown[] }).results).toHaveLength(ENTRIES_MAX);
});

test("a list with very many elements is as wrong when only the first are parsed", () => {
  const value = parseRequest(`{"messages":[${"1,".repeat(100_000)}1]}`, HTTP_DEPTH);

  expect((value as { messages: unknown[] }).messages).toHaveLength(ENTRIES_MAX);
  expect(detailOf(() => check(VERBS.put.request, value))).toContain("messages must have at most 1000 elements");
});

test("the fields of a body are not bounded by those of a request", () => {
  const body = `{"list":[${"1,".repeat(100_000)}1],${fields(5_000)}}`;
  const text = `{"messages":[{"body":${body}}]}`;

  expect(parseRequest(text, HTTP_DEPTH)).toEqual(JSON.parse(text));
});

test("an object that does not fit into a body is too large", () => {
  const text = `{"messages":[{"body":{${'"a":1,'.repeat(300_000)}"a":1}}]}`;

  expect(detailOf(() => parseRequest(text, HTTP_DEPTH))).toBe(
    "too_large: An object in a body has more than 200000 fields, which is the most.",
  );
});

test("the fields of an operation on the socket are counted too", () => {
  const [operation] = operationsOf(`{"id":1,"verb":"configure","request":{${fields(30_000)}}}`);

  expect(detailOf(() => check(VERBS.configure.request, operation?.request))).toContain("and 29980 more");
});
