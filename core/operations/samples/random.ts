/** Numbers that only look random: the same seed gives the same samples. */
export class Chance {
  private state: number;

  constructor(seed: number) {
    this.state = seed;
  }

  /** From 0 to below 1; mulberry32. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** True in this share of cases. */
  in(share: number): boolean {
    return this.next() < share;
  }

  /** One of the list, the first ones more often when `lean` is above 1. */
  pick<T>(list: readonly [T, ...T[]], lean = 1): T {
    return list[Math.floor(this.next() ** lean * list.length)] ?? list[0];
  }
}
