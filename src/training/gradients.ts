/**
 * @file Loss and gradients of one stitch on one batch, and the importance scores read from them.
 */
import { gradientNorm, meanSaliency, meanSquaredGradient, type ImportanceVariant, type ValueAndGradient } from "../sampling/importance.js";
import { stitchLogits } from "../stitching/forward.js";
import { differentiate, softmaxCrossEntropy, tf, type Tensor } from "../tensor/index.js";
import { mergedWeights } from "../tuning/merge.js";
import { modelLogits, stitchView, type TunedModel } from "../tuning/tuned-model.js";

/** Normalised images `[B, 3, H, W]` and their labels, int32 `[B]`. */
export interface Batch {
  readonly images: Tensor;
  readonly labels: Tensor;
}

/** Result of one backward pass; the caller disposes the gradients ({@link disposeGradients}). */
export type LossAndGradients = {
  readonly loss: number;
  readonly gradients: Readonly<Record<string, Tensor>>;
};

/** Differentiates a scalar with respect to named tensors. The caller disposes the gradients. */
export function valueAndGradients(scalar: () => Tensor, of: Readonly<Record<string, Tensor>>): LossAndGradients {
  const names = Object.keys(of);
  return tf.tidy(() => {
    const { value, gradients } = differentiate(scalar, Object.values(of));
    const named = Object.fromEntries(names.flatMap((name, index) => (gradients[index] === undefined ? [] : [[name, gradients[index]]])));
    return { loss: value.dataSync()[0]!, gradients: named };
  });
}

/** The tensors that training moves when it runs the stitch, by name. */
export function stitchTensors(model: TunedModel, stitchId: number): Record<string, Tensor> {
  return Object.fromEntries(model.partition[stitchId]!.map(({ name }) => [name, model.trainable[name]!]));
}

/** Mean cross-entropy of a stitch on a batch, with the gradients of everything that it trains. */
export function stitchGradients(model: TunedModel, stitchId: number, { images, labels }: Batch): LossAndGradients {
  return valueAndGradients(() => softmaxCrossEntropy(modelLogits(model, stitchId, images), labels), stitchTensors(model, stitchId));
}

/** Frees the gradients. */
export function disposeGradients({ gradients }: LossAndGradients): void {
  for (const gradient of Object.values(gradients)) gradient.dispose();
}

/**
 * Scores a stitch from the gradients of its training step; *merged* needs a second backward pass on the same batch.
 *
 * @param random - draws the score of *random*.
 */
export function importanceScore(variant: ImportanceVariant, model: TunedModel, stitchId: number, batch: Batch, { loss, gradients }: LossAndGradients, random: () => number): number {
  switch (variant) {
    case "trainable":
      return meanSaliency(bodyPairs(model, stitchId, gradients));
    case "fisher":
      return meanSquaredGradient(bodyPairs(model, stitchId, gradients));
    case "gradient-norm":
      return gradientNorm(bodyPairs(model, stitchId, gradients));
    case "merged":
      return mergedSaliency(model, stitchId, batch);
    case "loss":
      return -loss;
    case "random":
      return random();
  }
}

/** Values and gradients of the stitch's trainables without the head. */
function bodyPairs(model: TunedModel, stitchId: number, gradients: Readonly<Record<string, Tensor>>): ValueAndGradient[] {
  return model.partition[stitchId]!.filter(({ role }) => role !== "head").map(({ name }) => ({ value: model.trainable[name]!.dataSync(), gradient: gradients[name]!.dataSync() }));
}

/** mean |W∘∂L/∂W| over all elements of the merged weights on the path: W + s·B·A of every module that carries an update. */
export function mergedSaliency(model: TunedModel, stitchId: number, { images, labels }: Batch): number {
  const merged = mergedWeights(model, stitchId);
  const own = stitchView(model, stitchId);
  const view = { ...own, get: (name: string) => merged[name] ?? own.get(name), lora: () => undefined };
  const { configs, routes } = model.family;
  const result = valueAndGradients(() => softmaxCrossEntropy(stitchLogits(configs, routes[stitchId]!, view, images), labels), merged);
  const score = meanSaliency(Object.keys(merged).map((name) => ({ value: merged[name]!.dataSync(), gradient: result.gradients[name]!.dataSync() })));
  disposeGradients(result);
  for (const tensor of Object.values(merged)) tensor.dispose();
  return score;
}
