/**
 * @file What the results say about a claim: a difference over seeds, and whether its sign is certain.
 *
 * The paper's own numbers are not compared with: only the direction of its effects is tested.
 */
import { meanSpread } from "./seed-means.js";
import type { MeanSpread } from "./seed-means.js";

/** The three answers that results can give. */
export const verdicts = ["supported", "contradicted", "undecided"] as const;
export type Verdict = (typeof verdicts)[number];

/** A claim and what was found. */
export interface ClaimResult {
  readonly claim: string;
  /** Who makes the claim: "paper", or "our question" where none is published. */
  readonly source: "paper" | "our question";
  /** What the number is, with its unit: "area of PST − area of SN-Net, points". */
  readonly measure: string;
  /** The number; positive means as claimed. Null where it could not be measured. */
  readonly ours: MeanSpread | null;
  readonly verdict: Verdict;
  /** Why the verdict is what it is, in a few words. */
  readonly reason: string;
}

/** Two-sided 95 % quantiles of Student's t for 1 to 10 degrees of freedom; above, a little too wide. */
const T_95 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228] as const;

/**
 * Judges a difference that a claim expects to be positive.
 *
 * Supported (contradicted) when the 95 % confidence interval of the mean over seeds lies above (below) zero; undecided with a
 * single seed, which has no spread. Our choice.
 */
export function judge(difference: MeanSpread | null): { readonly verdict: Verdict; readonly reason: string } {
  if (difference === null) return { verdict: "undecided", reason: "not measured" };
  const { mean, spread, count } = difference;
  if (spread === null) return { verdict: "undecided", reason: "one seed: no spread to judge by" };
  const half = (T_95[Math.min(count - 1, T_95.length) - 1]! * spread) / Math.sqrt(count);
  if (mean - half > 0) return { verdict: "supported", reason: `95 % interval above 0 over ${count} seeds` };
  if (mean + half < 0) return { verdict: "contradicted", reason: `95 % interval below 0 over ${count} seeds` };
  return { verdict: "undecided", reason: `95 % interval holds 0 over ${count} seeds` };
}

/** Differences of two measures, seed by seed; a seed that lacks one of them is left out. */
export function pairedDifference(first: ReadonlyMap<number, number>, second: ReadonlyMap<number, number>): MeanSpread | null {
  return meanSpread([...first].flatMap(([seed, value]) => {
    const other = second.get(seed);
    return other === undefined ? [] : [value - other];
  }));
}
