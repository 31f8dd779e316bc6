import { describe, expect, test } from "vitest";
import { LINE_BYTES_MAX, LineSplitter } from "../../../worker-client/cli/bulk/lines/input-lines.ts";

/** The lines of bytes that come in these pieces. */
function linesOf(...pieces: (string | Buffer)[]) {
  const splitter = new LineSplitter();
  const lines = pieces.flatMap((piece) => splitter.push(Buffer.from(piece)));
  return [...lines, ...splitter.end()];
}

const texts = (...pieces: (string | Buffer)[]) => linesOf(...pieces).map(({ text }) => text);

describe("lines", () => {
  test("are the same however their bytes are cut into pieces", () => {
    const bytes = Buffer.from('\ufeff{"a":"é€😀"}\r\n\n"second"\n  \nlast');
    const whole = linesOf(bytes);

    for (let at = 0; at <= bytes.length; at += 1) {
      expect(linesOf(bytes.subarray(0, at), bytes.subarray(at))).toEqual(whole);
    }
    expect(linesOf(...[...bytes].map((byte) => Buffer.of(byte)))).toEqual(whole);
    expect(whole.map(({ text }) => text)).toEqual(['{"a":"é€😀"}', "", '"second"', "  ", "last"]);
    expect(whole.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5]);
  });

  test("end at a newline alone, not at other characters that some programs take for one", () => {
    expect(texts('"\u2028\u2029\u0085\v\f"\n"b\rc"\n')).toEqual(['"\u2028\u2029\u0085\v\f"', '"b\rc"']);
  });

  test("of an empty input are none, and a byte order mark alone is an empty one", () => {
    expect(texts("")).toEqual([]);
    expect(texts("\ufeff")).toEqual([""]);
    expect(texts("\n")).toEqual([""]);
  });

  test("that are not UTF-8 have a fault, and those around them do not", () => {
    expect(linesOf('"a"\n', Buffer.from([0x22, 0xe9, 0x22, 0x0a]), '"c"')).toEqual([
      { number: 1, text: '"a"' },
      { number: 2, text: "", fault: "is not UTF-8. Convert the input to UTF-8, as with iconv" },
      { number: 3, text: '"c"' },
    ]);
  });

  test("that are too long have a fault, wherever their end is, and the next one is read", () => {
    const long = Buffer.alloc(LINE_BYTES_MAX + 1, "x");
    const fault = "is longer than 8388608 bytes, the most that is read";
    const expected = [
      { number: 1, text: "1" },
      { number: 2, text: "", fault },
      { number: 3, text: "3" },
    ];

    expect(linesOf("1\n", long, "\n3")).toEqual(expected);
    expect(linesOf(Buffer.concat([Buffer.from("1\n"), long, Buffer.from("\n3\n")]))).toEqual(expected);
    expect(linesOf("1\n", long)).toEqual(expected.slice(0, 2));
    expect(texts(long.subarray(1), "\n3").map(({ length }) => length)).toEqual([LINE_BYTES_MAX, 1]);
  });

  test("of UTF-16 and of compressed data are refused", () => {
    expect(() => linesOf(Buffer.from("\ufeff1\n", "utf16le"))).toThrow("iconv -f UTF-16 -t UTF-8");
    expect(() => linesOf(Buffer.from([0x1f, 0x8b, 8, 0]))).toThrow(
      "The input is compressed. Decompress it first: gzip -dc.",
    );
    expect(() => linesOf(Buffer.from([0xfd, 0x37, 0x7a, 0x0a]))).toThrow("xz -dc");
    expect(() => linesOf(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]))).toThrow("zstd -dc");
  });
});
