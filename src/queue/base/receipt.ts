/**
 * A message's id names its place: the partition of the queue, the queue's generation, the segment, the index there, as in
 * `0.k3x9-17-4`. A receipt adds the number of the delivery, which only grows, so that of all receipts of a message only the
 * newest is valid (a fencing token).
 *
 * The generation is random and new each time a queue is created: a receipt from before a deletion is not valid. The
 * partition says which object has the message, so that a caller can find it by the id or the receipt alone.
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

/** A partition has at most so many digits. */
const PARTITION_DIGITS_MAX = 6;

/** How all ids and receipts of one partition and generation of a queue begin. Made once, because each receipt has it. */
export function idPrefix(partition: number, generation: string): string {
  return `${partition}.${generation}`;
}

/** The partition in an id or a receipt; undefined for a text that is neither. The rest of the text is not checked. */
export function partitionOf(text: string): number | undefined {
  const partition = numberIn(text, 0, text.indexOf("."), PARTITION_DIGITS_MAX);
  return partition >= 0 ? partition : undefined;
}

/** The id of the message at a place. */
export function formatId(prefix: string, place: Place): string {
  return `${prefix}-${place.segmentNumber}-${place.index}`;
}

/** The receipt of a lease. */
export function formatReceipt(prefix: string, receipt: Receipt): string {
  return `${prefix}-${receipt.segmentNumber}-${receipt.index}-${receipt.delivery}`;
}

/** The place that an id names; undefined if the text is not an id with this prefix. */
export function parseId(prefix: string, text: string): Place | undefined {
  const receipt = parseReceipt(prefix, `${text}-1`);
  return receipt && { segmentNumber: receipt.segmentNumber, index: receipt.index };
}

/** The lease that a receipt names; undefined if the text is not a receipt with this prefix. */
export function parseReceipt(prefix: string, text: string): Receipt | undefined {
  const afterPrefix = prefix.length;
  if (!text.startsWith(prefix) || text[afterPrefix] !== "-") return undefined;
  const afterSegment = text.indexOf("-", afterPrefix + 1);
  const afterIndex = text.indexOf("-", afterSegment + 1);
  if (afterSegment < 0 || afterIndex < 0) return undefined;
  const segmentNumber = numberIn(text, afterPrefix + 1, afterSegment, 15);
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
