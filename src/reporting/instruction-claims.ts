/**
 * @file What the rows of instruction-following say of the claims: do stitches lie between the anchors, and does PST pay?
 */
import { judge, pairedDifference, type ClaimResult, type ClaimUnit } from "./claims.js";
import type { InstructionRow } from "./instruction-rows.js";
import { spearman } from "./rank-correlation.js";
import { groupBy, meanSpread, type MeanSpread } from "./seed-means.js";

const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Mean ROUGE-L of the rows that count, by seed. */
function rougeBySeed(rows: readonly InstructionRow[], method: string, counts: (row: InstructionRow) => boolean = () => true): Map<number, number> {
  return new Map([...groupBy(rows.filter((row) => row.method === method && counts(row)), ({ seed }) => seed)].map(([seed, ofSeed]) => [seed, average(ofSeed.map(({ rougeL }) => rougeL))]));
}

/** The claims for which both sides were run. ROUGE-L in points; lying between is tested on both sides, within one adapted family (PST). */
export function instructionClaims(rows: readonly InstructionRow[]): ClaimResult[] {
  const anchors = rows.filter(({ method, kind }) => method === "pst" && kind === "anchor").sort((a, b) => a.flopsPerToken - b.flopsPerToken);
  const [small, large] = [anchors[0]?.front, anchors.at(-1)?.front];
  const stitches = rougeBySeed(rows, "pst", ({ kind }) => kind === "stitch");
  const anchor = (id: string | undefined): Map<number, number> => rougeBySeed(rows, "pst", ({ kind, front }) => kind === "anchor" && front === id);
  const alone = rougeBySeed(rows, "anchors");
  return [
    claimOf("Stitches answer better than the small anchor", "paper", "ROUGE-L, mean of stitches − small anchor, PST", pairedDifference(stitches, anchor(small))),
    claimOf("The large anchor answers better than the stitches", "paper", "ROUGE-L, large anchor − mean of stitches, PST", pairedDifference(anchor(large), stitches)),
    claimOf("The dearer a stitch, the lower its perplexity", "paper", "Spearman's ρ of FLOPs and minus perplexity, stitches and anchors, PST", meanSpread([...orderBySeed(rows).values()]), "correlation"),
    claimOf("PST answers better than full fine-tuning", "paper", "ROUGE-L, mean of all stitches, PST − full", pairedDifference(rougeBySeed(rows, "pst"), rougeBySeed(rows, "sn-net"))),
    claimOf("Importance sampling beats uniform sampling", "paper", "ROUGE-L, mean of all stitches, importance − uniform", pairedDifference(rougeBySeed(rows, "pst"), rougeBySeed(rows, "pst-uniform"))),
    claimOf("The anchors inside the adapted family answer as well as those adapted alone", "our question", "ROUGE-L, mean of the anchors, PST − alone", pairedDifference(rougeBySeed(rows, "pst", ({ kind }) => kind === "anchor"), alone)),
  ].filter(({ ours }) => ours !== null);
}

function claimOf(claim: string, source: ClaimResult["source"], measure: string, ours: MeanSpread | null, unit: ClaimUnit = "points"): ClaimResult {
  return { claim, source, measure, unit, ours, ...judge(ours) };
}

function orderBySeed(rows: readonly InstructionRow[]): Map<number, number> {
  return new Map([...groupBy(rows.filter(({ method }) => method === "pst"), ({ seed }) => seed)].flatMap(([seed, ofSeed]) => {
    const rho = spearman(ofSeed.map(({ flopsPerToken }) => flopsPerToken), ofSeed.map(({ perplexity }) => -perplexity));
    return rho === null ? [] : [[seed, rho] as const];
  }));
}
