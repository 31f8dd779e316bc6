import { exports } from "cloudflare:workers";

export const AUTHKEY = "the-authkey-of-the-tests";

export interface Reply {
  status: number;
  headers: Headers;
  // Tests look into replies of many shapes; what they expect of one is asserted there.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  body: any;
}

/** Sends a request to the Worker, with the authkey unless other headers are given. */
export async function call(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = { Authorization: `Bearer ${AUTHKEY}` },
): Promise<Reply> {
  const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  const init = text === undefined ? { method, headers } : { method, headers, body: text };
  const response = await exports.default.fetch(new Request(`http://queue.test${path}`, init));
  return { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) };
}

let names = 0;

/** A queue of its own for each test: tests share the storage of their file. */
export function freshQueue(): string {
  names += 1;
  return `/v1/queues/test-${names}`;
}
