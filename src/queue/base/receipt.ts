/**
 * A message's id names its place: the queue's generation, its segment, its index there. A receipt adds the number of the
 * delivery, which only grows, so that of all receipts of a message only the newest is valid (a fencing token).
 *
 * The generation is random and new each time a queue is created: a receipt from before a deletion is not valid.
 */
export interface Place {
  segmentNumber: number;
  index: number;
}

/** One lease of a message. */
export interface Receipt extends Place {
  /** Which delivery of the message this is, from 1, whether a handler began with it or not. */
  delivery: number;
}

/** The id of the message at a place. */
export function formatId(generation: string, place: Place): string {
  return `${generation}-${place.segmentNumber}-${place.index}`;
}

/** The receipt of a lease. */
export function formatReceipt(generation: string, receipt: Receipt): string {
  return `${generation}-${receipt.segmentNumber}-${receipt.index}-${receipt.delivery}`;
}

/** The place that an id names; undefined if the text is not an id of this generation. */
export function parseId(generation: string, text: string): Place | undefined {
  const receipt = parseReceipt(generation, `${text}-1`);
  return receipt && { segmentNumber: receipt.segmentNumber, index: receipt.index };
}

/** The lease that a receipt names; undefined if the text is not a receipt of this generation. */
export function parseReceipt(generation: string, text: string): Receipt | undefined {
  const afterGeneration = generation.length;
  if (!text.startsWith(generation) || text[afterGeneration] !== "-") return undefined;
  const afterSegment = text.indexOf("-", afterGeneration + 1);
  const afterIndex = text.indexOf("-", afterSegment + 1);
  if (afterSegment < 0 || afterIndex < 0) return undefined;
  const segmentNumber = numberIn(text, afterGeneration + 1, afterSegment, 15);
  const index = numberIn(text, afterSegment + 1, afterIndex, 6);
  const delivery = numberIn(text, afterIndex + 1, text.length, 10);
  const isReceipt = segmentNumber > 0 && index >= 0 && delivery > 0;
  return isReceipt ? { segmentNumber, index, delivery } : undefined;
}

/** The number in a part of a text, in the form that `String` gives; -1 for any other text, or for more digits. */
function numberIn(text: string, begin: number, end: number, digitsMax: number): number {
  const digits = end - begin;
  if (digits < 1 || digits > digitsMax || (digits > 1 && text.charCodeAt(begin) === ZERO)) return -1;
  let number = 0;
  for (let at = begin; at < end; at += 1) {
    const digit = text.charCodeAt(at) - ZERO;
    if (!(digit >= 0 && digit <= 9)) return -1;
    number = number * 10 + digit;
  }
  return number;
}

const ZERO = "0".charCodeAt(0);
