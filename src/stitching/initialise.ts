/**
 * @file Starts stitching layers from least squares between the anchors' features.
 */
import { anchorActivations, type AnchorConfig } from "../anchors/anchor.js";
import { scopedView, type HostTensor, type ParameterView } from "../anchors/parameters.js";
import { LeastSquares, tf, type Tensor } from "../tensor/index.js";
import { anchorPrefix, stitchingLayerName } from "./route-parts.js";
import type { JoinedStitch, StitchSpace } from "./stitch-space.js";

/** Weights and biases of the stitching layers, and of every position before the mean. */
export interface StitchingInitialisation {
  /** `stitching_layers.<id>.weight` `[Db, Da]` and `.bias` `[Db]`. */
  readonly layers: Record<string, HostTensor>;
  /** The solution of each joined stitch's own position, by stitch id. */
  readonly positions: ReadonlyMap<number, { readonly weight: HostTensor; readonly bias: HostTensor }>;
}

/** Is told how far the fit is: first the inputs that were read, then the positions that were solved. */
export interface InitialisationWatch {
  /** Images or sequences in all batches. */
  readonly inputs: number;
  readonly onProgress: (progress: { readonly done: number; readonly total: number; readonly label: string }) => void;
}

/**
 * Fits every stitching layer: [front block i's output, 1] onto the tokens that enter end block j, all tokens as rows,
 * minimum norm where rows are too few; a layer that serves several positions takes the mean of their solutions.
 *
 * @param batches - images `[B, 3, H, W]`, normalised, or token ids int32 `[B, N]`; about 100 images in all (SN-Net). Streamed: features are not kept. The caller disposes them.
 * @param view - the anchors' parameters under `anchors.<a>.`.
 *
 * Source: SN-Net, `ps_inv` and `initialize_stitching_weights`.
 * Differs: evaluation mode without augmentation; the regression is accumulated over batches in double precision.
 */
export function initialiseStitchingLayers(configs: readonly AnchorConfig[], space: StitchSpace, view: ParameterView, batches: Iterable<Tensor>, watch?: InitialisationWatch): StitchingInitialisation {
  const joined = space.stitches.filter((stitch): stitch is JoinedStitch => stitch.kind === "stitch");
  const problems = new Map(joined.map((stitch) => [stitch.stitchId, new LeastSquares(configs[stitch.front]!.width, configs[stitch.end]!.width)]));
  let read = 0;
  for (const input of batches) {
    tf.tidy(() => {
      const activations = configs.map((config, anchor) => anchorActivations(config, scopedView(view, anchorPrefix(anchor)), input));
      for (const { stitchId, front, end, frontBlock, endBlock } of joined) {
        const x = activations[front]![frontBlock + 1]!;
        const y = activations[end]![endBlock]!;
        problems.get(stitchId)!.add(tf.reshape(x, [-1, configs[front]!.width]), tf.reshape(y, [-1, configs[end]!.width]));
      }
    });
    read += input.shape[0]!;
    watch?.onProgress({ done: read, total: watch.inputs, label: "stitching layers, inputs read" });
  }
  const positions = new Map(
    joined.map(({ stitchId, front, end }, place) => {
      const { weight, bias } = problems.get(stitchId)!.solve();
      problems.delete(stitchId);
      watch?.onProgress({ done: place + 1, total: joined.length, label: "stitching layers, positions solved" });
      return [stitchId, { weight: { shape: [configs[end]!.width, configs[front]!.width], data: weight }, bias: { shape: [configs[end]!.width], data: bias } }];
    }),
  );
  const layers: Record<string, HostTensor> = {};
  for (const { stitchingLayerId } of space.stitchingLayers) {
    const served = joined.filter((stitch) => stitch.stitchingLayerId === stitchingLayerId).map(({ stitchId }) => positions.get(stitchId)!);
    layers[`${stitchingLayerName(stitchingLayerId)}.weight`] = meanOf(served.map(({ weight }) => weight));
    layers[`${stitchingLayerName(stitchingLayerId)}.bias`] = meanOf(served.map(({ bias }) => bias));
  }
  return { layers, positions };
}

function meanOf(tensors: readonly HostTensor[]): HostTensor {
  const data = Float32Array.from(tensors[0]!.data, (_, index) => tensors.reduce((sum, tensor) => sum + tensor.data[index]!, 0) / tensors.length);
  return { shape: tensors[0]!.shape, data };
}
