/**
 * @file Which stitch trains next: uniform, by FLOPs group, or by importance inside FLOPs bins.
 */
import { choiceProblem, shown, wholeNumberProblem } from "../checks.js";
import type { RandomStream } from "../rng.js";
import { flopsBins, flopsGroups, scaledGap } from "./flops-bins.js";
import { importanceOf, type ScoreAverage } from "./importance.js";

/** - *uniform* - every stitch alike (SN-Net)
 * - *flops-grouped* - a group of similar cost, then a member (SN-Netv2)
 * - *importance* - likelier the higher its importance among stitches of similar cost (paper; form ours) */
export type SamplerKind = "uniform" | "flops-grouped" | "importance";
export const samplerKinds: readonly SamplerKind[] = ["uniform", "flops-grouped", "importance"];

/** Settings of the samplers. */
export interface SamplerSettings {
  readonly kind: SamplerKind;
  /** K, FLOPs bins of the importance sampler; 8 (our choice). */
  readonly bins: number;
  /** τ, temperature of the softmax over z-scores; 1 (our choice). */
  readonly temperature: number;
  /** ε, share of the mass that is uniform; 0.1 (our choice). */
  readonly exploration: number;
  /** β of the moving average; 0.9 (paper: moving averages; value ours). */
  readonly beta: number;
  /** Visits of every stitch that end the uniform phase; 3 (our choice). */
  readonly warmupVisits: number;
  /** Share of the steps that ends the uniform phase at the latest; 0.2 (our choice). */
  readonly warmupShare: number;
}

export const defaultSampler: SamplerSettings = { kind: "importance", bins: 8, temperature: 1, exploration: 0.1, beta: 0.9, warmupVisits: 3, warmupShare: 0.2 };

/** Lists what is wrong with the settings for a family of that many stitches. */
export function samplerProblems(where: string, settings: SamplerSettings, stitches: number): string[] {
  const problems = [...choiceProblem(where, "sampler", settings.kind, samplerKinds), ...wholeNumberProblem(where, "bins", settings.bins, 1, stitches, "the number of stitches")];
  problems.push(...wholeNumberProblem(where, "warmupVisits", settings.warmupVisits, 0, Infinity));
  if (!(settings.temperature > 0)) problems.push(`${where}: temperature is ${shown(settings.temperature)}, expected a number above 0.`);
  for (const key of ["exploration", "warmupShare"] as const) {
    if (!(settings[key] >= 0 && settings[key] <= 1)) problems.push(`${where}: ${key} is ${shown(settings[key])}, expected a number from 0 to 1.`);
  }
  if (!(settings.beta >= 0 && settings.beta < 1)) problems.push(`${where}: beta is ${shown(settings.beta)}, expected a number from 0 up to but not including 1.`);
  return problems;
}

/**
 * Probabilities of the importance sampler.
 *
 * In each FLOPs bin z = (I − mean)/(population deviation + 1e-12), p_bin = softmax(z/τ); every bin has the same mass:
 * p = ε/S + (1 − ε)·p_bin/K.
 *
 * @param importance - of every stitch, by stitch id.
 * @param binMembers - stitch ids of each bin, from {@link flopsBins}.
 */
export function importanceProbabilities(importance: readonly number[], binMembers: readonly (readonly number[])[], { temperature, exploration }: Pick<SamplerSettings, "temperature" | "exploration">): number[] {
  const probabilities = new Array<number>(importance.length).fill(exploration / importance.length);
  for (const members of binMembers) {
    const scores = members.map((stitchId) => importance[stitchId]!);
    const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
    const deviation = Math.sqrt(scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / scores.length);
    const logits = scores.map((score) => (score - mean) / (deviation + 1e-12) / temperature);
    const highest = Math.max(...logits);
    const weights = logits.map((logit) => Math.exp(logit - highest));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    members.forEach((stitchId, index) => (probabilities[stitchId]! += ((1 - exploration) * weights[index]!) / total / binMembers.length));
  }
  return probabilities;
}

/** What a sampler knows when it draws. */
export interface SamplerState {
  readonly step: number;
  readonly steps: number;
  readonly average: ScoreAverage;
}

/** Draws the stitch of a step. */
export interface Sampler {
  /** Probability of every stitch at this point; they sum to 1. */
  probabilities(state: SamplerState): number[];
  draw(state: SamplerState, stream: RandomStream): number;
}

/**
 * Makes a sampler over the stitches of a family.
 *
 * @param flops - cost of every stitch, by stitch id.
 * @param largestAnchorFlops - scales the groups' gap; the default is the largest of `flops`.
 */
export function createSampler(settings: SamplerSettings, flops: readonly number[], largestAnchorFlops = Math.max(...flops)): Sampler {
  const probabilities = probabilityRule(settings, flops, largestAnchorFlops);
  return { probabilities, draw: (state, stream) => stream.choose(probabilities(state)) };
}

function probabilityRule(settings: SamplerSettings, flops: readonly number[], largestAnchorFlops: number): (state: SamplerState) => number[] {
  const uniform = flops.map(() => 1 / flops.length);
  switch (settings.kind) {
    case "uniform":
      return () => uniform;
    case "flops-grouped": {
      const groups = flopsGroups(flops, scaledGap(largestAnchorFlops));
      const grouped = new Array<number>(flops.length).fill(0);
      for (const group of groups) for (const stitchId of group) grouped[stitchId] = 1 / groups.length / group.length;
      return () => grouped;
    }
    case "importance": {
      const members = flopsBins(flops, settings.bins);
      return ({ step, steps, average }) => (inWarmup(settings, step, steps, average) ? uniform : importanceProbabilities(importanceOf(average, settings.beta), members, settings));
    }
  }
}

/** Uniform until every stitch has its visits or the share of steps is spent, whichever comes first. */
function inWarmup({ warmupVisits, warmupShare }: SamplerSettings, step: number, steps: number, { visits }: ScoreAverage): boolean {
  return step < warmupShare * steps && visits.some((count) => count < warmupVisits);
}
