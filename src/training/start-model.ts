/**
 * @file The model that an adaptation trains: pretrained anchors, stitching layers from least squares on training inputs.
 */
import type { AnchorConfig } from "../anchors/anchor.js";
import { familyParameters, type LoadedAnchor } from "../anchors/load-weights.js";
import { disposeTree, toTree, treeView, type HostTensor } from "../anchors/parameters.js";
import { createRng } from "../rng.js";
import type { StitchFamily } from "../stitching/family.js";
import { initialiseStitchingLayers, type InitialisationWatch } from "../stitching/initialise.js";
import type { Tensor } from "../tensor/index.js";
import type { TuningMethod } from "../tuning/method.js";
import { createTunedModel, type TunedModel } from "../tuning/tuned-model.js";

/** What else a start may be told. */
export interface StartOptions {
  /** Starts of named trainables in place of the method's own. */
  readonly starts?: Readonly<Record<string, HostTensor>>;
  readonly onProgress?: InitialisationWatch["onProgress"] | undefined;
}

/**
 * Starts the stitching layers on some of the training inputs, drawn by the seed, and splits the parameters by the tuning method.
 * An anchor adapted alone has no stitching layers. The caller disposes the model.
 *
 * @param count - training inputs that there are.
 * @param initial - how many of them start the stitching layers.
 * @param batches - what the anchors read of the inputs with these indices; freed when the next is asked for.
 */
export function startTunedModel<Config extends AnchorConfig>(
  family: StitchFamily<Config>, anchors: readonly Pick<LoadedAnchor, "parameters">[], { method, anchorAlone }: { readonly method: TuningMethod; readonly anchorAlone?: number }, seed: number,
  count: number, initial: number, batches: (indices: readonly number[]) => Iterable<Tensor>, { starts = {}, onProgress }: StartOptions = {},
): TunedModel<Config> {
  const pretrained = familyParameters(anchors);
  if (anchorAlone !== undefined) return createTunedModel(family, pretrained, method, createRng(seed), { stitchIds: [anchorAlone], starts });
  const order = createRng(seed).stream("initialise").shuffle(Array.from({ length: count }, (_, index) => index)).slice(0, initial);
  const tree = toTree(pretrained);
  try {
    const { layers } = initialiseStitchingLayers(family.configs, family.space, treeView(tree), batches(order), onProgress && { inputs: order.length, onProgress });
    return createTunedModel(family, { ...pretrained, ...layers }, method, createRng(seed), { starts });
  } finally {
    disposeTree(tree);
  }
}
