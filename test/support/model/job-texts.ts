import type { JobError } from "../../../src/queue/base/commands.ts";
import type { Both } from "./both.ts";

/** What a consumer says of a failure, often nothing; and the text of it that the next attempt has. */
export function randomError(both: Both, requestId: number): { error: JobError | string | undefined; text?: string } {
  const { random } = both;
  const message = `failed in ${requestId}`;
  if (random.chance(0.6)) return { error: undefined };
  if (random.chance(0.5)) return { error: message, text: message };
  const head = `TypeError: ${message}`;
  const stack = random.pick([undefined, `${head}\n  at f`, "at g"]);
  const text = stack === undefined ? head : stack === "at g" ? `${head}\nat g` : stack;
  return { error: { name: "TypeError", message, ...(stack === undefined ? {} : { stack }) }, text };
}

/** Of each receipt a result, as JSON text. Few are long. */
export function randomResults({ random }: Both, receipts: string[], requestId: number): string[] | undefined {
  if (random.chance(0.5)) return undefined;
  const characters = random.chance(0.005) ? 270_000 : random.pick([0, 0, 0, 400]);
  return receipts.map((_, index) => JSON.stringify(`${requestId}.${index}${"r".repeat(characters)}`));
}
