/**
 * A stored row that is invalid: it was cut off, changed from outside, or written by a defect of this program.
 *
 * It is thrown where the row is read, so that a damaged row never causes a wrong answer or an endless search.
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
