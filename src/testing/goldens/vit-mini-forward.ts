/**
 * @file Golden logits of every stitch, activations of the anchors, features of some stitches.
 */
import { scopedView, treeView } from "../../anchors/parameters.js";
import { vitActivations } from "../../anchors/vit.js";
import { UsageError } from "../../checks.js";
import type { StitchFamily } from "../../stitching/family.js";
import { stitchFeatures, stitchLogits } from "../../stitching/forward.js";
import { tf, type Tensor } from "../../tensor/index.js";
import { disposeMerged, mergeModel } from "../../tuning/merge.js";
import { disposeModel, modelLogits } from "../../tuning/tuned-model.js";
import { tensorError } from "./comparison.js";
import { floatsOf, valuesOf } from "./engine-values.js";
import { caseTensors, namedTensor } from "./golden-case.js";
import { tolerances } from "./tolerances.js";
import { tunedMini, withoutFinalNorm, type Compare, type MiniFamily } from "./vit-mini-family.js";

/** Compares every tensor of `outputs.safetensors`. */
export function compareForward(mini: MiniFamily, compare: Compare): void {
  const outputs = caseTensors(mini.golden, "outputs.safetensors");
  for (const name of outputs.keys()) {
    const reference = floatsOf(namedTensor(mini.golden, outputs, name));
    for (const [label, compute] of computations(mini, name)) compare(label, tensorError(compute(), reference), tolerances.forward);
  }
}

type Computations = [label: string, compute: () => Float32Array][];

/** How a tensor of that name is computed; adapted logits in two ways. */
function computations(mini: MiniFamily, name: string): Computations {
  const scale = /^logits_lora(?:_scale_(.+))?$/.exec(name);
  const [, kind, index] = /^(activations|features)\.(\d+)$/.exec(name) ?? [];
  if (name === "logits") return [[name, () => plainLogits(mini, mini.family)]];
  if (name === "logits_without_final_norm") return [[name, () => plainLogits(mini, withoutFinalNorm(mini))]];
  if (scale !== null) {
    const scaling = scale[1] === undefined ? mini.scaling : Number(scale[1]);
    return [[name, () => adaptedLogits(mini, scaling, false)], [`${name}, merged`, () => adaptedLogits(mini, scaling, true)]];
  }
  if (kind === "activations") return [[name, () => activations(mini, Number(index))]];
  if (kind === "features") return [[name, () => features(mini, Number(index))]];
  throw new UsageError(`goldens ${mini.golden.name}: outputs hold ${name}, expected logits, activations.<anchor> or features.<stitch>; this program does not know it.`);
}

function plainLogits({ plain, images }: MiniFamily, { configs, routes }: StitchFamily): Float32Array {
  return valuesOf(() => ({ logits: tf.stack(routes.map((route) => stitchLogits(configs, route, treeView(plain), images))) })).logits;
}

function adaptedLogits(mini: MiniFamily, scaling: number, merged: boolean): Float32Array {
  const model = tunedMini(mini, { scaling });
  const run = merged ? mergeModel(model) : undefined;
  const values = valuesOf(() => ({ logits: tf.stack(mini.family.routes.map((_, stitchId) => modelLogits(run ?? model, stitchId, mini.images))) }));
  if (run !== undefined) disposeMerged(run);
  disposeModel(model);
  return values.logits;
}

/** Embeddings and the output of every block of an anchor: `[L + 1, B, N, D]`. */
export function activations({ family, plain, images }: MiniFamily, anchor: number): Float32Array {
  const config = family.configs[anchor];
  if (config === undefined) throw new UsageError(`goldens: anchor ${anchor} does not exist, expected 0 to ${family.configs.length - 1}.`);
  return valuesOf(() => ({ all: tf.stack(vitActivations(config, scopedView(treeView(plain), `anchors.${anchor}.`), images)) })).all;
}

function features({ family, plain, images }: MiniFamily, stitchId: number): Float32Array {
  const route = family.routes[stitchId];
  if (route === undefined) throw new UsageError(`goldens: stitch ${stitchId} does not exist, expected 0 to ${family.routes.length - 1}.`);
  return valuesOf((): { features: Tensor } => ({ features: stitchFeatures(family.configs, route, treeView(plain), images) })).features;
}
