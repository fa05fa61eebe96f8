/**
 * @file Two things compared in words that the numbers choose: which is ahead, by how much, and whether the seeds agree.
 */
import { numberText, oursText } from "./claim-text.js";
import { judge, type ClaimUnit } from "./claims.js";
import type { MeanSpread } from "./seed-means.js";

/** ", for the paper" or ", against the paper" where the 95 % interval of a difference that the paper expects to be positive says so; otherwise nothing. */
export function paperText(difference: MeanSpread): string {
  return { supported: ", for the paper", contradicted: ", against the paper", undecided: "" }[judge(difference).verdict];
}

/** Where the first stands: "above" or "below" the other as the 95 % interval of their difference says, or as its sign does where one seed has none. */
export function standingText(difference: MeanSpread, unit?: ClaimUnit): string {
  if (difference.spread !== null && judge(difference).verdict === "undecided") return "not told apart";
  const sign = oursText({ ours: difference, ...(unit === undefined ? {} : { unit }) }).charAt(0);
  return sign === "+" ? "above" : sign === "−" ? "below" : "level";
}

/** "+1.9 ± 0.4 points, 95 % interval +1.0 to +2.8", or "+1.9 points, one seed". */
export function differenceText(difference: MeanSpread, unit?: ClaimUnit): string {
  return `${numberText(difference, unit)}${difference.spread === null ? ", one seed" : ""}`;
}

/** "above (+1.9 ± 0.4 points, 95 % interval +1.0 to +2.8)". */
export function comparedText(difference: MeanSpread, unit?: ClaimUnit): string {
  return `${standingText(difference, unit)} (${differenceText(difference, unit)})`;
}
