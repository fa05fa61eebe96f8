/**
 * @file Golden importance scores of every stitch.
 */
import { disposeGradients, importanceScore, stitchGradients } from "../../training/gradients.js";
import { importanceVariants } from "../../sampling/importance.js";
import { disposeModel } from "../../tuning/tuned-model.js";
import { relativeError } from "./comparison.js";
import { WorstError } from "./golden-report.js";
import { tolerances } from "./tolerances.js";
import { tunedMini, type Compare, type MiniFamily } from "./vit-mini-family.js";

/** Compares every score that the manifest lists, variant by variant. */
export function compareScores(mini: MiniFamily, compare: Compare): void {
  const entries = mini.golden.manifest.find("scores")?.items() ?? [];
  const errors = new Map<string, WorstError>();
  const model = tunedMini(mini);
  for (const entry of entries) {
    const stitchId = entry.get("stitch_id").count();
    const result = stitchGradients(model, stitchId, mini);
    for (const key of entry.keys().filter((name) => name !== "stitch_id")) {
      const variant = importanceVariants.find((name) => name === key);
      if (variant === undefined || variant === "random") throw entry.get(key).unlike(`one of the scores ${importanceVariants.join(", ")}`);
      const score = importanceScore(variant, model, stitchId, mini, result, () => NaN);
      // The library turns the loss around, so that higher is better.
      if (!errors.has(key)) errors.set(key, new WorstError());
      errors.get(key)!.add(`stitch ${stitchId}`, relativeError([variant === "loss" ? -score : score], [entry.get(key).number()]));
    }
    disposeGradients(result);
  }
  disposeModel(model);
  for (const [variant, { error, place }] of errors) compare(`scores, ${variant}`, error, tolerances.scores, place);
}
