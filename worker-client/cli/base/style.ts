import { styleText } from "node:util";
import type { Io, OutputStream } from "./io.ts";

type Format = Parameters<typeof styleText>[0];

/** Colours a text, or leaves it as it is. */
export type Style = (format: Format, text: string) => string;

/** Colours where the stream is a terminal that has them, unless the variable `NO_COLOR` says otherwise. */
export function styleOf(stream: OutputStream, environment: Io["environment"]): Style {
  const { NO_COLOR = "", FORCE_COLOR = "", TERM = "" } = environment;
  const isForced = FORCE_COLOR !== "" && FORCE_COLOR !== "0";
  const isColored = NO_COLOR === "" && (isForced || (stream.isTTY === true && TERM !== "dumb"));
  return isColored ? (format, text) => styleText(format, text, { validateStream: false }) : (_, text) => text;
}
