import type { PutMessages } from "./put-messages.ts";

/** The JSON text of a request with its messages, whose texts were made before. */
export function requestText(fields: Record<string, unknown>, messages: PutMessages | undefined): string {
  const text = JSON.stringify(fields);
  if (messages === undefined) return text;
  const rest = text === "{}" ? "}" : `,${text.slice(1)}`;
  return `{"messages":${messages.json}${rest}`;
}
