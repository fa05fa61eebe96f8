/**
 * @file Claims in words: the number with its unit, and what an experiment found in one paragraph, from the claims' numbers alone.
 */
import { interval95, verdicts, type ClaimResult, type ClaimUnit } from "./claims.js";

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

function signed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  return Number(text) === 0 ? text : `${value > 0 ? "+" : "−"}${text}`;
}

/**
 * What an experiment found: for and against the paper first, then our own questions, each verdict's claims together.
 *
 * @returns a paragraph of plain text.
 */
export function findingText(claims: readonly ClaimResult[]): string {
  const sentences = (["paper", "our question"] as const).flatMap((source) => verdicts.flatMap((verdict) => {
    const some = claims.filter((claim) => claim.source === source && claim.verdict === verdict);
    if (some.length === 0) return [];
    const head = source === "paper" ? { supported: "For the paper", contradicted: "Against the paper", undecided: "Undecided of the paper's claims" }[verdict] : `${{ supported: "Supported", contradicted: "Contradicted", undecided: "Undecided" }[verdict]} of our own questions`;
    const reasons = new Set(some.map(reasonText));
    const items = some.map((claim) => `${claim.claim} (${[oursText(claim), claim.measure, ...(reasons.size === 1 && some.length > 1 ? [] : [reasonText(claim)])].join("; ")})`);
    return [`${head}: ${items.join("; ")}${reasons.size === 1 && some.length > 1 ? `. All: ${[...reasons][0]}` : ""}.`];
  }));
  return sentences.length === 0 ? "No claim was tested." : sentences.join(" ");
}

/** "2 supported, 1 contradicted, 4 undecided". */
export function tallyText(claims: readonly Pick<ClaimResult, "verdict">[]): string {
  return verdicts.map((verdict) => `${claims.filter((claim) => claim.verdict === verdict).length} ${verdict}`).join(", ");
}
