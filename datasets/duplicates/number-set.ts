/** A set of 32-bit numbers that can be cleared at no cost, for millions of small sets in succession. */
export class NumberSet {
  #values = new Uint32Array(256);
  /** The round in which each slot was filled. */
  #rounds = new Uint32Array(256);
  #round = 1;
  size = 0;

  clear(): void {
    this.size = 0;
    if (++this.#round > 0xffffffff) {
      this.#rounds.fill(0);
      this.#round = 1;
    }
  }

  /** Adds a number. @returns whether it is new */
  add(value: number): boolean {
    const place = this.#place(value);
    if (this.#rounds[place] === this.#round) return false;
    this.#values[place] = value;
    this.#rounds[place] = this.#round;
    if (++this.size * 2 > this.#values.length) this.#grow();
    return true;
  }

  has(value: number): boolean {
    return this.#rounds[this.#place(value)] === this.#round;
  }

  /** Returns the slot where the number is or would be. */
  #place(value: number): number {
    const [values, rounds, round, mask] = [this.#values, this.#rounds, this.#round, this.#values.length - 1];
    let place = value & mask;
    while (rounds[place] === round && values[place] !== value) place = (place + 1) & mask;
    return place;
  }

  #grow(): void {
    const [values, rounds, round] = [this.#values, this.#rounds, this.#round];
    this.#values = new Uint32Array(values.length * 2);
    this.#rounds = new Uint32Array(values.length * 2);
    this.#round = 1;
    this.size = 0;
    values.forEach((value, i) => rounds[i] === round && this.add(value));
  }
}
