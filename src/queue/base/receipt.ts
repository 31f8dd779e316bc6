/**
 * A message's id names its place: the queue's incarnation, its block, its index there. A receipt adds the number of the
 * delivery, which only grows, so that of all receipts of a message only the newest fits (a fencing token).
 *
 * The incarnation is random and new each time a queue is created: a receipt from before a deletion fits nothing.
 */
export interface Place {
  blockNumber: number;
  index: number;
}

export interface Receipt extends Place {
  /** Which delivery of the message this is, from 1, whether a handler began with it or not. */
  delivery: number;
}

export function formatId(incarnation: string, place: Place): string {
  return `${incarnation}-${place.blockNumber}-${place.index}`;
}

export function formatReceipt(incarnation: string, receipt: Receipt): string {
  return `${incarnation}-${receipt.blockNumber}-${receipt.index}-${receipt.delivery}`;
}

/** Undefined for text that is no id of this incarnation. */
export function parseId(incarnation: string, text: string): Place | undefined {
  const receipt = parseReceipt(incarnation, `${text}-1`);
  return receipt && { blockNumber: receipt.blockNumber, index: receipt.index };
}

/** Undefined for text that this incarnation of the queue never gave out. */
export function parseReceipt(incarnation: string, text: string): Receipt | undefined {
  const afterIncarnation = incarnation.length;
  if (!text.startsWith(incarnation) || text[afterIncarnation] !== "-") return undefined;
  const afterBlock = text.indexOf("-", afterIncarnation + 1);
  const afterIndex = text.indexOf("-", afterBlock + 1);
  if (afterBlock < 0 || afterIndex < 0) return undefined;
  const blockNumber = numberIn(text, afterIncarnation + 1, afterBlock, 15);
  const index = numberIn(text, afterBlock + 1, afterIndex, 6);
  const delivery = numberIn(text, afterIndex + 1, text.length, 10);
  const isReceipt = blockNumber > 0 && index >= 0 && delivery > 0;
  return isReceipt ? { blockNumber, index, delivery } : undefined;
}

/** The number that is written there as `String` would write it; -1 for anything else, or more digits. */
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
