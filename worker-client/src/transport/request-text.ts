import type { Call } from "./call.ts";

/** The JSON text of a request with what was made into text before: its messages, or the results of an ack. */
export function requestText(
  fields: Record<string, unknown>,
  { messages, results }: Pick<Call, "messages" | "results">,
): string {
  const text = JSON.stringify(fields);
  const rest = text === "{}" ? "}" : `,${text.slice(1)}`;
  if (messages !== undefined) return `{"messages":${messages.json}${rest}`;
  if (results !== undefined) return `{"results":[${results.join(",")}]${rest}`;
  return text;
}
