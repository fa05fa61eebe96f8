/**
 * @file Stitches grouped by cost: bins of equal count, and SN-Netv2's groups of bounded spread.
 */
import { throwProblems, wholeNumberProblem } from "../checks.js";

/** Stitch ids sorted by FLOPs; equal ones by id. */
export function byFlops(flops: readonly number[]): number[] {
  return flops.map((_, stitchId) => stitchId).sort((a, b) => flops[a]! - flops[b]! || a - b);
}

/**
 * Splits the stitches, sorted by FLOPs, into K bins of equal count; the first bins take the remainder.
 *
 * @param flops - cost of every stitch, by stitch id.
 * @param bins - K; 8 by default (our choice).
 */
export function flopsBins(flops: readonly number[], bins = 8): number[][] {
  throwProblems(wholeNumberProblem("flopsBins", "bins", bins, 1, flops.length, "the number of stitches"));
  const sorted = byFlops(flops);
  const size = Math.floor(sorted.length / bins);
  const remainder = sorted.length % bins;
  const start = (bin: number): number => bin * size + Math.min(bin, remainder);
  return Array.from({ length: bins }, (_, bin) => sorted.slice(start(bin), start(bin + 1)));
}

/**
 * Groups the stitches by cost: sorted by FLOPs, a group starts when a stitch exceeds the group's first by more than `gap`.
 *
 * @param gap - multiply–accumulates; 1 GFLOP for ViT-Ti/S/B at 224 pixels, and in proportion for other families (our choice).
 *
 * Source: SN-Netv2.
 */
export function flopsGroups(flops: readonly number[], gap: number): number[][] {
  const groups: number[][] = [];
  for (const stitchId of byFlops(flops)) {
    const group = groups.at(-1);
    if (group === undefined || flops[stitchId]! - flops[group[0]!]! > gap) groups.push([stitchId]);
    else group.push(stitchId);
  }
  return groups;
}

/** The gap of {@link flopsGroups} for a family: 1 GFLOP where the largest anchor is ViT-B/16 (17.58 GFLOPs), in proportion elsewhere. */
export function scaledGap(largestAnchorFlops: number): number {
  return (largestAnchorFlops / 17.58e9) * 1e9;
}
