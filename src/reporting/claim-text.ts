/**
 * @file Claims and numbers in words: the number with its unit, the reason of a verdict, pieces of sentences.
 */
import { interval95, verdicts, type ClaimResult, type ClaimUnit } from "./claims.js";
import type { MeanSpread } from "./seed-means.js";

const units: Readonly<Record<ClaimUnit, { readonly scale: number; readonly digits: number; readonly name: string }>> = {
  points: { scale: 100, digits: 1, name: " points" },
  degrees: { scale: 1, digits: 1, name: "°" },
  correlation: { scale: 1, digits: 2, name: "" },
  share: { scale: 100, digits: 1, name: " %" },
  nats: { scale: 1, digits: 3, name: " nats" },
};

/** "+1.9 ± 0.4 points"; the spread of one seed is left out, and a dash stands for what was not measured. */
export function oursText({ ours, unit = "points" }: Pick<ClaimResult, "ours" | "unit">): string {
  if (ours === null) return "–";
  const { scale, digits, name } = units[unit];
  const mean = unit === "share" ? (scale * ours.mean).toFixed(digits) : signed(scale * ours.mean, digits);
  return `${mean}${ours.spread === null ? "" : ` ± ${(scale * ours.spread).toFixed(digits)}`}${name}`;
}

/** Why the verdict is what it is: the reason, with the interval where there is one. */
export function reasonText({ ours, unit = "points", reason }: Pick<ClaimResult, "ours" | "unit" | "reason">): string {
  const interval = ours === null ? null : interval95(ours);
  if (ours === null || interval === null) return reason;
  const { scale, digits, name } = units[unit];
  return `95 % interval ${interval.map((edge) => signed(scale * edge, digits)).join(" to ")}${name}, ${ours.count} seeds`;
}

/** "+1.9", "−0.4", "0.0". */
export function signed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  return Number(text) === 0 ? text : `${value > 0 ? "+" : "−"}${text}`;
}

/** A number inside a sentence: "+1.9 ± 0.4 points, 95 % interval +1.0 to +2.8"; with one seed the mean alone. */
export function numberText(ours: MeanSpread, unit: ClaimUnit = "points"): string {
  const interval = interval95(ours);
  const { scale, digits } = units[unit];
  return `${oursText({ ours, unit })}${interval === null ? "" : `, 95 % interval ${interval.map((edge) => signed(scale * edge, digits)).join(" to ")}`}`;
}

/** A fraction inside a sentence, without a sign: "57.0 %". */
export function percentText(fraction: number): string {
  return `${(100 * fraction).toFixed(1)} %`;
}

/** "1 task", "6 tasks". */
export function countText(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** "a, b and c". */
export function listText(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)!}`;
}

/** "2 supported, 1 contradicted, 4 undecided". */
export function tallyText(claims: readonly Pick<ClaimResult, "verdict">[]): string {
  return verdicts.map((verdict) => `${claims.filter((claim) => claim.verdict === verdict).length} ${verdict}`).join(", ");
}
