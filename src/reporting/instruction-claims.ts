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

/** Differences in nats a response token, seed by seed: positive where the second of the two predicts the answers better; null where one was not run. */
export interface InstructionDifferences {
  /** Small anchor − mean of the stitches, of one method. */
  readonly smallToStitches: (method: string) => MeanSpread | null;
  /** Mean of the stitches − large anchor, of one method. */
  readonly stitchesToLarge: (method: string) => MeanSpread | null;
  /** Mean of all stitches, full fine-tuning − PST. */
  readonly fullToPst: MeanSpread | null;
  /** Mean of all stitches, uniform − importance sampling. */
  readonly uniformToImportance: MeanSpread | null;
  /** Mean of the anchors that were adapted alone too, alone − inside PST's family. */
  readonly aloneToInside: MeanSpread | null;
}

export function instructionDifferences(rows: readonly InstructionRow[]): InstructionDifferences {
  const anchors = rows.filter(({ kind }) => kind === "anchor").sort((a, b) => a.flopsPerToken - b.flopsPerToken);
  const [small, large] = [anchors[0]?.front, anchors.at(-1)?.front];
  const alone = new Set(rows.filter(({ method }) => method === "anchors").map(({ stitchId }) => stitchId));
  const stitches = (method: string): Map<number, number> => natsBySeed(rows, method, ({ kind }) => kind === "stitch");
  const anchor = (method: string, id: string | undefined): Map<number, number> => natsBySeed(rows, method, ({ kind, front }) => kind === "anchor" && front === id);
  return {
    smallToStitches: (method) => pairedDifference(anchor(method, small), stitches(method)),
    stitchesToLarge: (method) => pairedDifference(stitches(method), anchor(method, large)),
    fullToPst: pairedDifference(natsBySeed(rows, "sn-net"), natsBySeed(rows, "pst")),
    uniformToImportance: pairedDifference(natsBySeed(rows, "pst-uniform"), natsBySeed(rows, "pst")),
    aloneToInside: pairedDifference(natsBySeed(rows, "anchors"), natsBySeed(rows, "pst", ({ stitchId }) => alone.has(stitchId))),
  };
}

/** Spearman's ρ of FLOPs and minus perplexity over PST's stitches and anchors. */
export function instructionOrder(rows: readonly InstructionRow[]): MeanSpread | null {
  return meanSpread([...groupBy(rows.filter(({ method }) => method === "pst"), ({ seed }) => seed).values()].flatMap((ofSeed) => {
    const rho = spearman(ofSeed.map(({ flopsPerToken }) => flopsPerToken), ofSeed.map(({ perplexity }) => -perplexity));
    return rho === null ? [] : [rho];
  }));
}

/**
 * The claims for which both sides were run. Quality is how well the reference answers are predicted: answers of small decoders are too seldom right to tell them apart.
 * Lying between is tested on both sides, within one adapted family: PST's, and that of full fine-tuning.
 */
export function instructionClaims(rows: readonly InstructionRow[]): ClaimResult[] {
  const { smallToStitches, stitchesToLarge, fullToPst, uniformToImportance, aloneToInside } = instructionDifferences(rows);
  const nats = (claim: string, source: ClaimResult["source"], measure: string, ours: MeanSpread | null): ClaimResult => claimOf(claim, source, `a response token, ${measure}`, "nats", ours);
  return [
    nats("Stitches predict the answers better than the small anchor", "paper", "small anchor − mean of stitches, PST", smallToStitches("pst")),
    nats("The large anchor predicts the answers better than the stitches", "paper", "mean of stitches − large anchor, PST", stitchesToLarge("pst")),
    nats("After full fine-tuning too, stitches predict the answers better than the small anchor", "our question", "small anchor − mean of stitches, full", smallToStitches("sn-net")),
    nats("After full fine-tuning too, the large anchor predicts the answers better than the stitches", "our question", "mean of stitches − large anchor, full", stitchesToLarge("sn-net")),
    claimOf("The dearer a stitch, the better it predicts the answers", "paper", "Spearman's ρ of FLOPs and minus perplexity, stitches and anchors, PST", "correlation", instructionOrder(rows)),
    nats("PST predicts the answers better than full fine-tuning", "paper", "mean of all stitches, full − PST", fullToPst),
    nats("Importance sampling beats uniform sampling of stitched language models", "paper", "mean of all stitches, uniform − importance", uniformToImportance),
    nats("The anchors inside the adapted family predict as well as those adapted alone", "our question", "mean of the anchors, alone − PST", aloneToInside),
  ].filter(({ ours }) => ours !== null);
}

function claimOf(claim: string, source: ClaimResult["source"], measure: string, unit: ClaimUnit, ours: MeanSpread | null): ClaimResult {
  return { claim, source, measure, unit, ours, ...judge(ours) };
}
