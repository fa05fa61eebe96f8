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

/** What a claim's number is:
 * - *points* - a difference of fractions, shown in percentage points
 * - *degrees* - a difference of angles
 * - *correlation* - from −1 to 1
 * - *share* - a fraction, shown in per cent
 * - *nats* - a difference of logarithms of perplexity */
export type ClaimUnit = "points" | "degrees" | "correlation" | "share" | "nats";

/** A claim and what was found. */
export interface ClaimResult {
  readonly claim: string;
  /** Who makes the claim: "paper", or "our question" where none is published. */
  readonly source: "paper" | "our question";
  /** What the number is: "area of PST − area of SN-Net". */
  readonly measure: string;
  /** Default points. */
  readonly unit?: ClaimUnit;
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
  const interval = interval95(difference);
  if (interval === null) return { verdict: "undecided", reason: "one seed: no spread to judge by" };
  const [low, high] = interval;
  if (low > 0) return { verdict: "supported", reason: `95 % interval above 0 over ${difference.count} seeds` };
  if (high < 0) return { verdict: "contradicted", reason: `95 % interval below 0 over ${difference.count} seeds` };
  return { verdict: "undecided", reason: `95 % interval holds 0 over ${difference.count} seeds` };
}

/** The 95 % confidence interval of a mean over seeds (Student's t); null for a single seed. */
export function interval95({ mean, spread, count }: MeanSpread): readonly [low: number, high: number] | null {
  if (spread === null) return null;
  const half = (T_95[Math.min(count - 1, T_95.length) - 1]! * spread) / Math.sqrt(count);
  return [mean - half, mean + half];
}

/** Differences of two measures, seed by seed; a seed that lacks one of them is left out. */
export function pairedDifference(first: ReadonlyMap<number, number>, second: ReadonlyMap<number, number>): MeanSpread | null {
  return meanSpread([...first].flatMap(([seed, value]) => {
    const other = second.get(seed);
    return other === undefined ? [] : [value - other];
  }));
}
