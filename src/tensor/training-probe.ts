/**
 * @file One small training step through every operation: finds out whether a backend has all the kernels it takes.
 */
import * as tf from "@tensorflow/tfjs-core";
import { attention } from "./attention.js";
import { biasGelu } from "./bias-gelu.js";
import { biasResidual } from "./bias-residual.js";
import { classTokens } from "./class-tokens.js";
import { layerNorm } from "./layer-norm.js";
import { linear } from "./linear.js";
import { patchify } from "./patchify.js";
import { softmaxCrossEntropy } from "./soft-max-cross-entropy.js";
import { takeToken } from "./take-token.js";

/**
 * Runs a one-block transformer forward and back on the current backend.
 *
 * @throws {Error} when a kernel is missing or the loss or a gradient is not finite.
 */
export function trainingProbe(): void {
  tf.tidy(() => {
    const filled = (shape: number[], factor: number): tf.Tensor =>
      tf.tensor(Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, index) => Math.sin(factor * (index + 1))), shape);
    const images = filled([2, 3, 4, 4], 0.7);
    const labels = tf.tensor1d([0, 2], "int32");
    const start = [filled([4, 12], 0.3), filled([1, 1, 4], 0.5), filled([1, 5, 4], 0.2), filled([4], 0.9), filled([4], 1.1), filled([12, 4], 1.3), filled([12], 0.4)];
    const lora = [filled([2, 4], 0.6), filled([12, 2], 0.8)];
    const step = tf.valueAndGrads((...arrays: tf.Tensor[]) => {
      const [embed, token, positions, gain, bias, weight, weightBias, loraA, loraB] = arrays as [
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
      ];
      const x = classTokens(linear(patchify(images, 2), embed), token, positions);
      const mixed = attention(linear(layerNorm(x, gain, bias, 1e-6), weight, weightBias, { loraA, loraB, scaling: 0.5 }), 2);
      const y = biasResidual(biasGelu(mixed, bias), bias, x);
      return softmaxCrossEntropy(takeToken(y, 0), labels) as tf.Scalar;
    });
    const { value, grads } = step([...start, ...lora]);
    for (const result of [value, ...grads]) {
      if (!result.dataSync().every(Number.isFinite)) throw new Error("a small training step gives numbers that are not finite");
    }
  });
}
