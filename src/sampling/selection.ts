/**
 * @file Which stitches to deploy, by importance alone: no evaluation stage.
 */
import { byFlops } from "./flops-bins.js";

/** Stitch ids from highest to lowest score; ties go to the smaller id. */
export function ranked(scores: readonly number[], members: readonly number[] = scores.map((_, stitchId) => stitchId)): number[] {
  return [...members].sort((a, b) => scores[b]! - scores[a]! || a - b);
}

/** The stitch of highest score in each FLOPs bin. */
export function bestPerBin(scores: readonly number[], binMembers: readonly (readonly number[])[]): number[] {
  return binMembers.map((members) => ranked(scores, members)[0]!);
}

/** The `count` stitches of highest score, best first. */
export function topK(scores: readonly number[], count: number): number[] {
  return ranked(scores).slice(0, count);
}

/** The chosen stitches and the anchors, which are always kept, each once, by FLOPs. */
export function withAnchors(chosen: readonly number[], anchors: readonly number[], flops: readonly number[]): number[] {
  const kept = new Set([...chosen, ...anchors]);
  return byFlops(flops).filter((stitchId) => kept.has(stitchId));
}
