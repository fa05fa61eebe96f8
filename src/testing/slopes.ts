/**
 * @file Gradients held against finite differences of the loss.
 */
import { tf } from "../tensor/index.js";
import { disposeGradients, stitchGradients, type Batch } from "../training/gradients.js";
import type { TunedModel } from "../tuning/tuned-model.js";

/** Slope of the loss when every element of one tensor moves. */
export interface Slope {
  readonly name: string;
  /** By the gradient: the sum of its elements' sizes. */
  readonly gradient: number;
  /** By a central difference. */
  readonly difference: number;
}

/**
 * Slopes of a stitch's loss, for each tensor that it trains.
 *
 * Each element moves the way its gradient points, up and down by turns where that is zero: elements cannot cancel, and those that were
 * forgotten tell. A step moves the loss by about 1e-4, far above what float32 rounds, and an element by 0.01 at most.
 */
export function slopesOf(model: TunedModel, stitchId: number, batch: Batch): Slope[] {
  const lossOf = (): number => {
    const result = stitchGradients(model, stitchId, batch);
    disposeGradients(result);
    return result.loss;
  };
  const found = stitchGradients(model, stitchId, batch);
  const slopes = Object.entries(found.gradients).map(([name, tensor]): Slope => {
    const variable = model.trainable[name]!;
    const start = Float32Array.from(variable.dataSync());
    const values = Float32Array.from(tensor.dataSync());
    const gradient = values.reduce((sum, value) => sum + Math.abs(value), 0);
    const step = Math.min(0.01, 1e-4 / gradient);
    const way = (at: number): number => Math.sign(values[at]!) || (at % 2 === 0 ? 1 : -1);
    const lossAt = (shift: number): number => {
      tf.tidy(() => variable.assign(tf.tensor(start.map((value, at) => value + shift * way(at)), variable.shape)));
      return lossOf();
    };
    const difference = (lossAt(step) - lossAt(-step)) / (2 * step);
    tf.tidy(() => variable.assign(tf.tensor(start, variable.shape)));
    return { name, gradient, difference };
  });
  disposeGradients(found);
  return slopes;
}
