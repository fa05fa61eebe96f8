/**
 * @file Folding low-rank updates into the weights they belong to, and out again.
 */
import type { AnchorConfig } from "../anchors/anchor.js";
import type { HostTensor, ParameterTree } from "../anchors/parameters.js";
import { weightName } from "../anchors/module-shape.js";
import type { VitConfig } from "../anchors/vit-shape.js";
import { UsageError } from "../checks.js";
import { tf, type LoraFactors, type Tensor } from "../tensor/index.js";
import { isMergeable } from "./method.js";
import { stitchView, type TunedModel } from "./tuned-model.js";

/** Folds an update into a weight: W + s·B·A. The output of the layer is unchanged. The caller disposes the result. */
function mergeLora(weight: Tensor, { loraA, loraB, scaling }: LoraFactors): Tensor {
  return tf.tidy(() => tf.add(weight, tf.mul(tf.matMul(loraB as tf.Tensor2D, loraA as tf.Tensor2D), scaling)));
}

/** The merged weights of the modules that carry an update, by weight name. The caller disposes them. */
export function mergedWeights(model: TunedModel<AnchorConfig>, stitchId: number): Record<string, Tensor> {
  const merged: Record<string, Tensor> = {};
  mergeModules(merged, model, stitchId);
  return merged;
}

function mergeModules(merged: Record<string, Tensor>, model: TunedModel<AnchorConfig>, stitchId: number, replace = false): void {
  const view = stitchView(model, stitchId);
  for (const module of model.family.modules[stitchId]!) {
    const name = weightName(module);
    if (merged[name] !== undefined) continue;
    tf.tidy(() => {
      const lora = view.lora(module.name);
      if (lora === undefined) return;
      merged[name] = tf.keep(mergeLora(view.get(name), lora));
      if (replace) view.get(name).dispose();
    });
  }
}

/** A model without low-rank branches whose logits are those of `model`, for evaluation; {@link disposeMerged} frees what it adds. */
export interface MergedModel<Config extends AnchorConfig = VitConfig> extends TunedModel<Config> {
  readonly merged: ParameterTree;
}

/**
 * Folds every update of the model once: its stitches share them. Biases and heads stay the model's own tensors.
 *
 * @param options.replace - frees each weight that an update is folded into, so that memory holds it once: `model` itself cannot be run any more.
 */
export function mergeModel<Config extends AnchorConfig>(model: TunedModel<Config>, { replace = false }: { readonly replace?: boolean } = {}): MergedModel<Config> {
  const merged: Record<string, Tensor> = {};
  if (model.method.kind === "full") return { ...model, merged };
  model.partition.forEach((trainables, stitchId) => {
    if (trainables.length > 0) mergeModules(merged, model, stitchId, replace);
  });
  const trainable = Object.fromEntries(Object.entries(model.trainable).filter(([name]) => !name.includes(".lora_")));
  return { ...model, frozen: { ...model.frozen, ...merged }, trainable, merged };
}

/** Frees the merged weights. */
export function disposeMerged({ merged }: Pick<MergedModel, "merged">): void {
  for (const tensor of Object.values(merged)) tensor.dispose();
}

/**
 * Host values of one deployed stitch of images: its own biases in place, updates folded, nothing of other stitches. (A plain decoder has
 * no place for the biases that adaptation adds to it.)
 *
 * @throws {UsageError} when the method adds what a plain network has no place for.
 */
export function stitchParameters(model: TunedModel, stitchId: number): Record<string, HostTensor> {
  const { kind } = model.method;
  if (!isMergeable(model.method)) throw new UsageError(`stitchParameters: method is "${kind}", expected pst or full: what ${kind} adds cannot be folded into the weights of a plain network.`);
  const merged = mergedWeights(model, stitchId);
  const view = stitchView(model, stitchId);
  const values: Record<string, HostTensor> = {};
  for (const module of model.family.modules[stitchId]!) {
    const names = module.bias > 0 ? [weightName(module), `${module.name}.bias`] : [weightName(module)];
    for (const name of names) {
      const tensor = merged[name] ?? view.get(name);
      values[name] = { shape: tensor.shape, data: new Float32Array(tensor.dataSync()) };
    }
  }
  for (const tensor of Object.values(merged)) tensor.dispose();
  return values;
}
