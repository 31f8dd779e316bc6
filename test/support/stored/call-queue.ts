/** The authkey of the servers that open fixtures. */
export const STORED_AUTHKEY = "the-authkey-of-fixtures";

/**
 * Calls the HTTP interface of queues.
 *
 * @param path what follows `/v1/queues`
 * @throws {Error} if the server answers with a problem
 */
export async function callQueue(
  address: string,
  method: string,
  path: string,
  body?: unknown,
  idempotencyKey?: string,
): Promise<Record<string, unknown>> {
  const headers = {
    Authorization: `Bearer ${STORED_AUTHKEY}`,
    ...(idempotencyKey === undefined ? {} : { "Idempotency-Key": idempotencyKey }),
  };
  const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
  const response = await fetch(`${address}/v1/queues${path}`, init);
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}
