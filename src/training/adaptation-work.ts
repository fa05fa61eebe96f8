/**
 * @file How much an adaptation computes, part by part: what progress and estimates of time weigh by.
 */
import type { TuningMethod } from "../tuning/method.js";
import type { TrainSettings } from "./train.js";

/** What decides how much an adaptation computes. */
export interface WorkSettings {
  readonly method: TuningMethod;
  readonly train: Pick<TrainSettings, "steps" | "batchSize">;
  /** Examples of each split that every stitch is evaluated on. */
  readonly validation: number;
  readonly test: number;
}

/**
 * Multiply–accumulates of training, validation and test.
 *
 * A training step costs its forward pass twice with frozen weights and three times with all (our estimate); then every stitch is evaluated once.
 *
 * @param flops - multiply–accumulates of an example, of every stitch that is adapted.
 */
export function adaptationWork(flops: readonly number[], { method, train: { steps, batchSize }, validation, test }: WorkSettings): number[] {
  const all = totalWork(flops);
  return [(steps * batchSize * (method.kind === "full" ? 3 : 2) * all) / flops.length, validation * all, test * all];
}

/** All parts together. */
export function totalWork(parts: readonly number[]): number {
  return parts.reduce((sum, part) => sum + part, 0);
}

/** The share of all work that is done, when so many parts are and this share of the next. */
export function shareDone(parts: readonly number[], finished: number, next: number): number {
  return (totalWork(parts.slice(0, finished)) + next * (parts[finished] ?? 0)) / totalWork(parts);
}
