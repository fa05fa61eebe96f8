/**
 * @file What a training run tells of its stitches: importance, visits, and which ones importance deploys.
 */
import type { AnchorConfig } from "../anchors/anchor.js";
import { flopsBins } from "../sampling/flops-bins.js";
import { importanceOf } from "../sampling/importance.js";
import type { SamplerSettings } from "../sampling/sampler.js";
import { bestPerBin, withAnchors } from "../sampling/selection.js";
import type { StitchFamily } from "../stitching/family.js";
import type { TunedModel } from "../tuning/tuned-model.js";
import type { TrainState } from "./checkpoint.js";
import { adaptedStitches } from "./train.js";

/** What training tells of one stitch. */
export interface StitchScore {
  readonly stitchId: number;
  /** Bias-corrected average score. */
  readonly importance: number;
  readonly visits: number;
  /** Whether it was chosen for deployment, by importance unless who adapts says otherwise (the anchors are always kept). */
  readonly selected: boolean;
}

/** Importance, visits and selection of every adapted stitch. */
export function stitchScores(model: TunedModel<AnchorConfig>, { average }: TrainState, { beta, bins }: SamplerSettings): StitchScore[] {
  const stitchIds = adaptedStitches(model);
  const importance = importanceOf(average, beta);
  const selected = new Set(bestStitches(model.family, stitchIds, importance, bins));
  return stitchIds.map((stitchId, place) => ({ stitchId, importance: importance[place]!, visits: average.visits[place]!, selected: selected.has(stitchId) }));
}

/** Stitch ids to deploy: the best of each FLOPs bin, and the anchors. @param scores - in the order of `stitchIds`. */
export function bestStitches(family: StitchFamily<AnchorConfig>, stitchIds: readonly number[], scores: readonly number[], bins: number): number[] {
  const flops = stitchIds.map((stitchId) => family.costs[stitchId]!.flops);
  const anchors = stitchIds.flatMap((stitchId, place) => (family.space.stitches[stitchId]!.kind === "anchor" ? [place] : []));
  const chosen = bestPerBin(scores, flopsBins(flops, Math.min(bins, flops.length)));
  return withAnchors(chosen, anchors, flops).map((place) => stitchIds[place]!);
}
