/** The body of a request to a webhook: made of the text of messages, so that numbers in their bodies stay exact. */

/** The field of a delivery that is not sent: the token with which consumers of the queue end a lease. */
const RECEIPT = /,"receipt":"[^"]*"/;

/** A delivery begins with these, before anything that a producer has written. */
const ID = /^\{"id":"([^"]*)"/;

/** Deliveries as they are sent. */
interface SentMessages {
  ids: string[];
  /** A JSON array. */
  json: string;
}

/**
 * The messages of a batch without their receipts.
 *
 * @param messages a JSON array, as `receive` replies: each message begins with its id, and its receipt comes before what
 * was put
 */
export function sentMessages(messages: string): SentMessages {
  const ids: string[] = [];
  const texts: string[] = [];
  for (const message of elementsOf(messages)) {
    ids.push(ID.exec(message)?.[1] ?? "");
    texts.push(message.replace(RECEIPT, ""));
  }
  return { ids, json: `[${texts.join(",")}]` };
}

/** The texts of the objects in a JSON array. */
function* elementsOf(array: string): Generator<string> {
  let depth = 0;
  let start = 0;
  for (let index = 0; index < array.length; index += 1) {
    const character = array.charCodeAt(index);
    if (character === QUOTE) index = endOfString(array, index);
    else if (character === OPEN_BRACE || character === OPEN_BRACKET) {
      depth += 1;
      if (depth === 2) start = index;
    } else if (character === CLOSE_BRACE || character === CLOSE_BRACKET) {
      depth -= 1;
      if (depth === 1) yield array.slice(start, index + 1);
    }
  }
}

const [QUOTE, BACKSLASH] = [34, 92] as const;
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [123, 125, 91, 93] as const;

/** The position of the quote that ends the string which begins at a quote. */
function endOfString(text: string, begin: number): number {
  let end = text.indexOf('"', begin + 1);
  while (end >= 0) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
  return text.length;
}

/** The body of a request. @param now in milliseconds since 1970 */
export function requestBody(queue: string, messages: string, now: number): string {
  const head = JSON.stringify({ type: "durable_queue.batch", timestamp: new Date(now).toISOString(), queue });
  return `${head.slice(0, -1)},"messages":${messages}}`;
}
