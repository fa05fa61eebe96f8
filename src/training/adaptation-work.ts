/**
 * @file How much an adaptation computes, part by part: what progress and estimates of time weigh by.
 */
import type { StitchFamily } from "../stitching/family.js";
import type { TuningMethod } from "../tuning/method.js";
import type { TrainSettings } from "./train.js";

/** What decides how much an adaptation computes. */
export interface WorkSettings {
  readonly method: TuningMethod;
  readonly train: Pick<TrainSettings, "steps" | "batchSize">;
  readonly valImages: number;
  readonly testImages: number;
}

/**
 * Multiply–accumulates of training, validation and test.
 *
 * A training step costs its forward pass twice with frozen weights and three times with all (our estimate); then every stitch is evaluated once.
 */
export function adaptationWork({ costs }: StitchFamily, stitchIds: readonly number[], { method, train: { steps, batchSize }, valImages, testImages }: WorkSettings): number[] {
  const all = stitchIds.reduce((sum, stitchId) => sum + costs[stitchId]!.flops, 0);
  return [(steps * batchSize * (method.kind === "full" ? 3 : 2) * all) / stitchIds.length, valImages * all, testImages * all];
}

/** All parts together. */
export function totalWork(parts: readonly number[]): number {
  return parts.reduce((sum, part) => sum + part, 0);
}

/** The share of all work that is done, when so many parts are and this share of the next. */
export function shareDone(parts: readonly number[], finished: number, next: number): number {
  return (totalWork(parts.slice(0, finished)) + next * (parts[finished] ?? 0)) / totalWork(parts);
}
