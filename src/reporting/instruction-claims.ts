/**
 * @file What the rows of instruction-following say of the claims: do stitches lie between the anchors, and does PST pay?
 */
import { judge, pairedDifference, type ClaimResult, type ClaimUnit } from "./claims.js";
import type { InstructionRow } from "./instruction-rows.js";
import { spearman } from "./rank-correlation.js";
import { average, groupBy, meanSpread, type MeanSpread } from "./seed-means.js";

/** Mean logarithm of the response perplexity of the rows that count, nats a token, by seed; a seed that lacks a stitch is left out. */
function natsBySeed(rows: readonly InstructionRow[], method: string, counts: (row: InstructionRow) => boolean = () => true): Map<number, number> {
  const counted = rows.filter((row) => row.method === method && counts(row));
  const stitches = new Set(counted.map(({ stitchId }) => stitchId)).size;
  const whole = [...groupBy(counted, ({ seed }) => seed)].filter(([, ofSeed]) => ofSeed.length === stitches);
  return new Map(whole.map(([seed, ofSeed]) => [seed, average(ofSeed.map(({ perplexity }) => Math.log(perplexity)))]));
}

/**
 * The claims for which both sides were run. Quality is how well the reference answers are predicted: answers of small decoders are too seldom right to tell them apart.
 * Lying between is tested on both sides, within one adapted family: PST's, and that of full fine-tuning.
 */
export function instructionClaims(rows: readonly InstructionRow[]): ClaimResult[] {
  const anchors = rows.filter(({ kind }) => kind === "anchor").sort((a, b) => a.flopsPerToken - b.flopsPerToken);
  const [small, large] = [anchors[0]?.front, anchors.at(-1)?.front];
  const stitches = (method: string): Map<number, number> => natsBySeed(rows, method, ({ kind }) => kind === "stitch");
  const anchor = (method: string, id: string | undefined): Map<number, number> => natsBySeed(rows, method, ({ kind, front }) => kind === "anchor" && front === id);
  const nats = (claim: string, source: ClaimResult["source"], measure: string, worse: ReadonlyMap<number, number>, better: ReadonlyMap<number, number>): ClaimResult =>
    claimOf(claim, source, `a response token, ${measure}`, "nats", pairedDifference(worse, better));
  return [
    nats("Stitches predict the answers better than the small anchor", "paper", "small anchor − mean of stitches, PST", anchor("pst", small), stitches("pst")),
    nats("The large anchor predicts the answers better than the stitches", "paper", "mean of stitches − large anchor, PST", stitches("pst"), anchor("pst", large)),
    nats("After full fine-tuning too, stitches predict the answers better than the small anchor", "our question", "small anchor − mean of stitches, full", anchor("sn-net", small), stitches("sn-net")),
    nats("After full fine-tuning too, the large anchor predicts the answers better than the stitches", "our question", "mean of stitches − large anchor, full", stitches("sn-net"), anchor("sn-net", large)),
    claimOf("The dearer a stitch, the better it predicts the answers", "paper", "Spearman's ρ of FLOPs and minus perplexity, stitches and anchors, PST", "correlation", meanSpread([...orderBySeed(rows).values()])),
    nats("PST predicts the answers better than full fine-tuning", "paper", "mean of all stitches, full − PST", natsBySeed(rows, "sn-net"), natsBySeed(rows, "pst")),
    nats("Importance sampling beats uniform sampling of stitched language models", "paper", "mean of all stitches, uniform − importance", natsBySeed(rows, "pst-uniform"), natsBySeed(rows, "pst")),
    nats("The anchors inside the adapted family predict as well as those adapted alone", "our question", "mean of the anchors, alone − PST", natsBySeed(rows, "anchors"), natsBySeed(rows, "pst", ({ kind }) => kind === "anchor")),
  ].filter(({ ours }) => ours !== null);
}

function claimOf(claim: string, source: ClaimResult["source"], measure: string, unit: ClaimUnit, ours: MeanSpread | null): ClaimResult {
  return { claim, source, measure, unit, ours, ...judge(ours) };
}

function orderBySeed(rows: readonly InstructionRow[]): Map<number, number> {
  return new Map([...groupBy(rows.filter(({ method }) => method === "pst"), ({ seed }) => seed)].flatMap(([seed, ofSeed]) => {
    const rho = spearman(ofSeed.map(({ flopsPerToken }) => flopsPerToken), ofSeed.map(({ perplexity }) => -perplexity));
    return rho === null ? [] : [[seed, rho] as const];
  }));
}
