/**
 * @file Loss and gradients of one stitch on one batch, and the importance scores read from them.
 */
import { gradientNorm, meanSaliency, meanSquaredGradient, type ImportanceVariant, type ValueAndGradient } from "../sampling/importance.js";
import type { AnchorConfig } from "../anchors/anchor.js";
import type { LlamaConfig } from "../anchors/llama-shape.js";
import type { ParameterView } from "../anchors/parameters.js";
import { stitchLogits } from "../stitching/forward.js";
import { stitchTokenLoss, type TokenBatch } from "../stitching/token-loss.js";
import { differentiate, softmaxCrossEntropy, tf, type Tensor } from "../tensor/index.js";
import { mergedWeights } from "../tuning/merge.js";
import { stitchView, type TunedModel } from "../tuning/tuned-model.js";

/** Normalised images `[B, 3, H, W]` and their labels, int32 `[B]`. */
export interface ImageBatch {
  readonly images: Tensor;
  readonly labels: Tensor;
}

/** What a training step reads: images with labels, or token sequences of which the responses count. */
export type Batch = ImageBatch | TokenBatch;

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
export function stitchTensors(model: TunedModel<AnchorConfig>, stitchId: number): Record<string, Tensor> {
  return Object.fromEntries(model.partition[stitchId]!.map(({ name }) => [name, model.trainable[name]!]));
}

/** Mean cross-entropy of a stitch on a batch, with the gradients of everything that it trains. */
export function stitchGradients(model: TunedModel<AnchorConfig>, stitchId: number, batch: Batch): LossAndGradients {
  return valueAndGradients(() => stitchLoss(model, stitchId, stitchView(model, stitchId), batch), stitchTensors(model, stitchId));
}

/** Mean cross-entropy of labels, or of response tokens. @param view - the stitch's own, or one with other weights in place. */
function stitchLoss({ family: { configs, routes }, method }: TunedModel<AnchorConfig>, stitchId: number, view: ParameterView, batch: Batch): Tensor {
  const route = routes[stitchId]!;
  if ("images" in batch) return softmaxCrossEntropy(stitchLogits(configs, route, view, batch.images), batch.labels);
  return stitchTokenLoss(configs as readonly LlamaConfig[], route, view, batch, method.kind === "full" ? "features and weight" : "features");
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
export function importanceScore(variant: ImportanceVariant, model: TunedModel<AnchorConfig>, stitchId: number, batch: Batch, { loss, gradients }: LossAndGradients, random: () => number): number {
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
function bodyPairs(model: TunedModel<AnchorConfig>, stitchId: number, gradients: Readonly<Record<string, Tensor>>): ValueAndGradient[] {
  return model.partition[stitchId]!.filter(({ role }) => role !== "head").map(({ name }) => ({ value: model.trainable[name]!.dataSync(), gradient: gradients[name]!.dataSync() }));
}

/** mean |W∘∂L/∂W| over all elements of the merged weights on the path: W + s·B·A of every module that carries an update. */
export function mergedSaliency(model: TunedModel<AnchorConfig>, stitchId: number, batch: Batch): number {
  const merged = mergedWeights(model, stitchId);
  const own = stitchView(model, stitchId);
  const view = { ...own, get: (name: string) => merged[name] ?? own.get(name), lora: () => undefined };
  const result = valueAndGradients(() => stitchLoss(model, stitchId, view, batch), merged);
  const score = meanSaliency(Object.keys(merged).map((name) => ({ value: merged[name]!.dataSync(), gradient: result.gradients[name]!.dataSync() })));
  disposeGradients(result);
  for (const tensor of Object.values(merged)) tensor.dispose();
  return score;
}
