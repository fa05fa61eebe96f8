/**
 * @file A small fast generator for formula-driven images: one per (key, class, index), cheap to start.
 *
 * The kit's named streams (rng.ts) cost tens of microseconds to begin; an image here takes a few hundred in all.
 * So a named stream gives one 32-bit key, and every image seeds its own generator from that key and two counters.
 */

/** A generator seeded by three whole numbers. Source: `sfc32` of PractRand (public domain), counters mixed in by MurmurHash3's finaliser. */
export class FormulaRandom {
  private a = 0;
  private b = 0;
  private c = 0;
  private counter = 1;

  constructor(key: number, first: number, second: number) {
    this.a = mixed(key ^ 0x9e3779b9);
    this.b = mixed(this.a ^ first);
    this.c = mixed(this.b ^ second);
    for (let round = 0; round < 10; round++) this.bits();
  }

  /** Draws 32 random bits as an unsigned whole number. */
  bits(): number {
    const sum = (this.a + this.b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** Draws from [0, 1). */
  uniform(): number {
    return this.bits() / 4294967296;
  }

  /** Draws from [low, high). */
  range(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  /** Draws a whole number from 0 to `below − 1`. */
  integer(below: number): number {
    return Math.floor(this.uniform() * below);
  }

  /** Says yes with the given probability. */
  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** Draws approximately from the standard normal distribution (sum of four uniforms, at most 3.5 in size). */
  bell(): number {
    return (this.uniform() + this.uniform() + this.uniform() + this.uniform() - 2) * 1.7320508;
  }

  /** Draws one of the items. */
  pick<T>(items: readonly T[]): T {
    return items[this.integer(items.length)]!;
  }
}

/** Mixes the bits of a 32-bit number (MurmurHash3 finaliser), a bijection. */
export function mixed(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}

/**
 * Returns where a keyed shuffle of 0 … `count − 1` puts `index`, without holding the shuffle.
 *
 * Four Feistel rounds over the next even power of two, repeated until the result falls below `count`.
 */
export function shuffledIndex(index: number, count: number, key: number): number {
  let halfBits = 1;
  while (4 ** halfBits < count) halfBits++;
  const mask = (1 << halfBits) - 1;
  let place = index;
  do {
    let left = Math.floor(place / (mask + 1)) & mask;
    let right = place & mask;
    for (let round = 0; round < 4; round++) {
      const next = left ^ (mixed(mixed(key + round) ^ right) & mask);
      left = right;
      right = next;
    }
    place = left * (mask + 1) + right;
  } while (place >= count);
  return place;
}
