const CAPACITY_MIN = 1_024;

/** Most fingerprints that are looked up are not in the table. */
const NONE: readonly number[] = [];

/**
 * Which rows may hold the key with a fingerprint: pairs of numbers in two flat arrays, some 16 bytes a pair. A `Map` would
 * take four times that, and a million keys must fit into memory beside everything else.
 *
 * A hash table with linear probing: a pair is at the place that its fingerprint says, or in the next free one behind.
 * Source: Knuth, The Art of Computer Programming, volume 3, section 6.4, algorithms L and R.
 */
export class FingerprintTable {
  #fingerprints = new Uint32Array(CAPACITY_MIN);
  /** 0 where there is no pair: slots count from 1. */
  #slots = new Uint32Array(CAPACITY_MIN);
  size = 0;

  /** The slots of a fingerprint, in no order. */
  slotsOf(fingerprint: number): readonly number[] {
    let slots: number[] | undefined;
    for (let place = this.#placeOf(fingerprint); this.#slots[place] !== 0; place = this.#after(place)) {
      if (this.#fingerprints[place] !== fingerprint) continue;
      slots ??= [];
      slots.push(this.#slots[place] as number);
    }
    return slots ?? NONE;
  }

  /** Adds a pair, unless it is there. */
  add(fingerprint: number, slot: number): void {
    let place = this.#placeOf(fingerprint);
    for (; this.#slots[place] !== 0; place = this.#after(place)) {
      if (this.#fingerprints[place] === fingerprint && this.#slots[place] === slot) return;
    }
    this.#fingerprints[place] = fingerprint;
    this.#slots[place] = slot;
    this.size += 1;
    if (this.size > this.#slots.length * 0.7) this.#resize(2 * this.#slots.length);
  }

  remove(fingerprint: number, slot: number): void {
    let place = this.#placeOf(fingerprint);
    while (this.#fingerprints[place] !== fingerprint || this.#slots[place] !== slot) {
      if (this.#slots[place] === 0) return;
      place = this.#after(place);
    }
    this.#free(place);
    this.size -= 1;
    const isSparse = this.size < this.#slots.length / 8 && this.#slots.length > CAPACITY_MIN;
    if (isSparse) this.#resize(this.#slots.length / 2);
  }

  /** Moves pairs into the freed place that were put after it because it was taken, so that no search ends before them. */
  #free(freed: number): void {
    let hole = freed;
    for (let place = this.#after(hole); this.#slots[place] !== 0; place = this.#after(place)) {
      const wanted = this.#placeOf(this.#fingerprints[place] as number);
      // How far after its wanted place it is, and how far the hole is, around the end of the array.
      const distance = (place - wanted) & (this.#slots.length - 1);
      const distanceOfHole = (place - hole) & (this.#slots.length - 1);
      if (distance < distanceOfHole) continue;
      this.#fingerprints[hole] = this.#fingerprints[place] as number;
      this.#slots[hole] = this.#slots[place] as number;
      hole = place;
    }
    this.#slots[hole] = 0;
  }

  #resize(capacity: number): void {
    const fingerprints = this.#fingerprints;
    const slots = this.#slots;
    this.#fingerprints = new Uint32Array(capacity);
    this.#slots = new Uint32Array(capacity);
    this.size = 0;
    for (const [place, slot] of slots.entries()) if (slot !== 0) this.add(fingerprints[place] as number, slot);
  }

  /** The capacity is a power of two, and fingerprints are hashes, so their last bits are as good as any. */
  #placeOf(fingerprint: number): number {
    return fingerprint & (this.#slots.length - 1);
  }

  #after(place: number): number {
    return (place + 1) & (this.#slots.length - 1);
  }
}
