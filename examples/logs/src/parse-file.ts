import { createReadStream } from "node:fs";
import { Counter, type Summary } from "./summary.ts";

/** What is read of a file at a time: the memory that a file takes, however large it is. */
const CHUNK_BYTES = 1_048_576;

/** A longer line is counted as malformed without being kept. */
const LINE_CHARACTERS_MAX = 65_536;

/** A line of an access log, as Apache and nginx write it: `… [27/Nov/2026:13:05:09 +0000] "GET /path HTTP/1.1" 200 512 …`. */
const LINE_PATTERN = /\[([^:\]]+:\d\d)[^\]]*\] "(\S+) (\S+)[^"]*" (\d{3}) (\d+|-)/;

/** A part of a path that names one thing of many. */
const ID_PATTERN = /\/(?:\d+|[0-9a-f]{8}-[0-9a-f-]{27,}|[0-9a-f]{24,})(?=\/|$)/gi;

/**
 * Counts the lines of a log file. The file is streamed.
 *
 * @param progress called with the number of bytes that were read, now and then
 * @throws what reading throws: the file is gone, is no file, or may not be read
 */
export async function summaryOf(
  path: string,
  signal: AbortSignal,
  progress: (bytes: number) => void = () => undefined,
): Promise<Summary> {
  const counter = new Counter();
  let rest = "";
  const stream = createReadStream(path, { encoding: "utf8", highWaterMark: CHUNK_BYTES, signal });
  for await (const chunk of stream as AsyncIterable<string>) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) countLine(counter, line);
    // Without an end it grows with each chunk. What follows until the next end is a line by itself.
    if (rest.length > LINE_CHARACTERS_MAX) {
      countLine(counter, "");
      rest = "";
    }
    progress(stream.bytesRead);
  }
  if (rest !== "") countLine(counter, rest);
  counter.bytes = stream.bytesRead;
  return counter.summary();
}

function countLine(counter: Counter, line: string): void {
  counter.lines += 1;
  const [, hour, method, target, status, bytes] = LINE_PATTERN.exec(line) ?? [];
  if (hour === undefined || target === undefined || status === undefined) {
    counter.malformed += 1;
    return;
  }
  counter.bytesSent += Number(bytes) || 0;
  const [path = ""] = target.split("?", 1);
  counter.count(status, `${method} ${path.replace(ID_PATTERN, "/:id")}`, hour);
}
