/** What a receiver may say of messages, in bytes. A longer answer is no such answer. */
export const REPLY_BYTES_MAX = 64 * 1024;

/**
 * The text of a body, read to its end; undefined if it is longer than `REPLY_BYTES_MAX`, of which no more is read then.
 *
 * @throws if the connection ends before the body does, or the signal of the request is aborted
 */
export async function boundedText(body: ReadableStream<Uint8Array> | null): Promise<string | undefined> {
  if (body === null) return "";
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > REPLY_BYTES_MAX) {
      await reader.cancel().catch(() => undefined);
      return undefined;
    }
    text += decoder.decode(value, { stream: true });
  }
}
