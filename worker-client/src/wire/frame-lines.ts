import type { ServerLine } from "../../../src/api/types.ts";
import { isProblem } from "../base/problem-errors.ts";
import { isListOf, isObject, isReceived, isText } from "../base/reply-shapes.ts";

/** The lines of a frame; undefined if the frame is not of a durable-queue server. */
export function linesOf(frame: string): ServerLine[] | undefined {
  const lines: ServerLine[] = [];
  for (const text of frame.split("\n")) {
    const line = lineOf(text);
    if (line === undefined) return undefined;
    lines.push(line);
  }
  return lines;
}

function lineOf(text: string): ServerLine | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isServerLine(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isServerLine(value: unknown): value is ServerLine {
  if (!isObject(value)) return false;
  const { id } = value;
  if ("reply" in value) return isId(id) && isObject(value.reply);
  if ("problem" in value) return (id === undefined || isId(id)) && isProblem(value.problem);
  if ("push" in value) return isListOf(value.push, isReceived);
  if ("resend" in value) return isListOf(value.resend, isId);
  if ("job" in value) return isObject(value.job) && isText(value.job.id) && isText(value.job.state);
  if ("watch_again" in value) return true;
  return "lost" in value && isListOf(value.lost, isText);
}

function isId(value: unknown): value is number {
  return Number.isInteger(value);
}
