/**
 * @file Named random streams: each is derived from the run's seed and a name, so a new draw in one place moves no other.
 */
import seedrandom from "seedrandom";

/** A seeded source of random numbers. */
export interface RandomStream {
  /** Draws from [0, 1) with 53 random bits. */
  uniform(): number;
  /** Draws from the standard normal distribution (Box–Muller). */
  normal(): number;
  /** Draws a whole number from 0 to `below − 1`. */
  integer(below: number): number;
  /** Shuffles `items` in place (Fisher–Yates) and returns it. */
  shuffle<T>(items: T[]): T[];
  /** Draws an index with the given probabilities, which sum to 1. */
  choose(probabilities: ArrayLike<number>): number;
}

/** Derives streams from one seed. */
export interface Rng {
  readonly seed: number;
  /** Returns the stream of that name, from its beginning: the same name gives the same numbers. */
  stream(name: string): RandomStream;
}

/** Makes the random source of a run. Streams of different seeds or names are independent. */
export function createRng(seed: number): Rng {
  return { seed, stream: (name) => randomStream(`${seed}/${name}`) };
}

function randomStream(key: string): RandomStream {
  const generator = seedrandom.xor4096(key);
  const uniform = (): number => generator.double();
  const integer = (below: number): number => Math.floor(uniform() * below);
  return {
    uniform,
    integer,
    normal() {
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
      return radius * Math.cos(2 * Math.PI * uniform());
    },
    shuffle(items) {
      for (let last = items.length - 1; last > 0; last--) {
        const other = integer(last + 1);
        [items[last], items[other]] = [items[other]!, items[last]!];
      }
      return items;
    },
    choose(probabilities) {
      let rest = uniform();
      for (let index = 0; index < probabilities.length - 1; index++) {
        rest -= probabilities[index]!;
        if (rest < 0) return index;
      }
      return probabilities.length - 1;
    },
  };
}
