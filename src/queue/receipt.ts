/**
 * A message's id names its place: the queue's incarnation, its block, its index there. A receipt adds the attempt,
 * which only grows, so that of all receipts of a message only the newest fits (a fencing token).
 *
 * The incarnation is random and new each time a queue is created: a receipt from before a deletion fits nothing.
 */
export interface Place {
  blockNumber: number;
  index: number;
}

export interface Receipt extends Place {
  attempt: number;
}

const RECEIPT_PATTERN = /^([a-z0-9]+)-([1-9][0-9]{0,14})-(0|[1-9][0-9]{0,5})-([1-9][0-9]{0,9})$/;

export function formatId(incarnation: string, place: Place): string {
  return `${incarnation}-${place.blockNumber}-${place.index}`;
}

export function formatReceipt(incarnation: string, receipt: Receipt): string {
  return `${incarnation}-${receipt.blockNumber}-${receipt.index}-${receipt.attempt}`;
}

/** Undefined for text that is no id of this incarnation. */
export function parseId(incarnation: string, text: string): Place | undefined {
  const receipt = parseReceipt(incarnation, `${text}-1`);
  return receipt && { blockNumber: receipt.blockNumber, index: receipt.index };
}

/** Undefined for text that this incarnation of the queue never gave out. */
export function parseReceipt(incarnation: string, text: string): Receipt | undefined {
  const match = RECEIPT_PATTERN.exec(text);
  if (match === null || match[1] !== incarnation) return undefined;
  return { blockNumber: Number(match[2]), index: Number(match[3]), attempt: Number(match[4]) };
}
