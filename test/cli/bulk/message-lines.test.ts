import { describe, expect, test } from "vitest";
import { itemLine, messageLine } from "../../../worker-client/cli/bulk/lines/message-lines.ts";

describe("a line with an item", () => {
  test("is any JSON value", () => {
    for (const text of ["null", "0", '"a"', "[1]", '{"__proto__":1}', "1e-200"]) {
      expect(JSON.stringify(itemLine(text)?.item)).toBe(text);
    }
  });

  test("is refused where a number would be stored as another one", () => {
    const fault = (text: string) => () => itemLine(text);

    expect(fault('{"id":9007199254740993}')).toThrow(
      "has the number 9007199254740993, which would be stored as 9007199254740992: send it as a text",
    );
    expect(fault("1e400")).toThrow("has the number 1e400, which would be stored as null: send it as a text");
    expect(itemLine('{"id":"9007199254740993","n":9007199254740992,"x":0.12345678901234567890}')?.item).toEqual({
      id: "9007199254740993",
      n: 9007199254740992,
      x: 0.12345678901234568,
    });
  });

  test("that is no JSON is refused with the place", () => {
    expect(() => itemLine("{a:1}")).toThrow(/^is not JSON: Expected property name/);
    expect(() => itemLine("[")).toThrow(
      "it begins an array over several lines. Make a line of each element: jq -c '.[]'",
    );
    expect(() => itemLine(" { ")).toThrow("it begins an object over several lines. Make one line of it: jq -c .");
  });
});

describe("a line with a message", () => {
  test("has a body and its options, and what an export knows of it is not sent", () => {
    const line = messageLine(
      '{"body":1,"priority":7,"at":1800000000.5,"headers":{"a":"b"},"id":"0.x-1-0","state":"dead","attempts":3,"putAt":1}',
    );

    expect(line).toEqual({
      item: 1,
      options: { priority: 7, at: new Date(1_800_000_000_500), headers: { a: "b" } },
      state: "dead",
    });
  });

  test("has bytes in base64", () => {
    expect(messageLine('{"bytes":"AP8="}').item).toEqual(Buffer.of(0, 255));
  });

  const wrong: [string, string][] = [
    ["1", 'is no message: it must be an object such as {"body": 1, "priority": 5}'],
    ["[1]", 'is no message: it must be an object such as {"body": 1, "priority": 5}'],
    ["{}", "must have either body or bytes"],
    ['{"body":1,"bytes":"AP8="}', "must have either body or bytes"],
    ['{"bytes":"AP8"}', "has bytes that are no base64"],
    ['{"body":1,"delay":5}', 'has an unknown field "delay"'],
    ['{"body":1,"at":"tomorrow"}', "has an at that is no time in seconds since 1970"],
  ];
  test.each(wrong)("%s is refused", (text, fault) => {
    expect(() => messageLine(text)).toThrow(fault);
  });
});
