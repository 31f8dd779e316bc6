/**
 * A stored row that says what cannot be: it was cut off, changed from outside, or written by a fault of this program.
 *
 * It is thrown where the row is read, so that what is wrong with it never becomes a wrong answer, or a search that
 * does not end.
 */
export class DamagedRow extends Error {
  /** The row's key in the table of segments. */
  readonly slot: number;
  /** What is wrong with it, as a part of a sentence. */
  readonly fault: string;

  constructor(slot: number, fault: string) {
    super(`The row ${slot} is damaged: ${fault}.`);
    this.name = "DamagedRow";
    this.slot = slot;
    this.fault = fault;
  }
}
