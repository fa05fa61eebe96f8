/**
 * @file Labels of a split with classes as equally frequent as its count allows.
 */
import type { RandomStream } from "../rng.js";

/** `count` labels in random order; where `count` is no multiple of `classes`, the first classes occur once more than the others. */
export function balancedLabels(count: number, classes: number, stream: RandomStream): number[] {
  return stream.shuffle(Array.from({ length: count }, (_, index) => index % classes));
}

/** Share of the most frequent of balanced classes. */
export function balancedChance(count: number, classes: number): number {
  return Math.ceil(count / classes) / count;
}
