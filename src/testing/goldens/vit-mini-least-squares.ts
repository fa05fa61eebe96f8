/**
 * @file Golden least-squares solutions of the stitching layers.
 */
import { treeView, type HostTensor } from "../../anchors/parameters.js";
import type { StoredTensor } from "../../anchors/safetensors.js";
import { UsageError } from "../../checks.js";
import { initialiseStitchingLayers } from "../../stitching/initialise.js";
import { tf, type Tensor } from "../../tensor/index.js";
import { exactListError, larger, tensorError } from "./comparison.js";
import { floatsOf, toTensor } from "./engine-values.js";
import { caseTensors, namedTensor } from "./golden-case.js";
import { tolerances } from "./tolerances.js";
import { optionalTensors, type Compare, type MiniFamily } from "./vit-mini-family.js";

/** Images that arrive together: fewer than the set, so that the streaming is under test. */
const batchSize = 3;
const fewImages = 2;

/** Compares the layers and each position's own solution, from all images and from the first two. */
export function compareLeastSquares(mini: MiniFamily, compare: Compare): void {
  const images = toTensor(namedTensor(mini.golden, caseTensors(mini.golden, "inputs.safetensors"), "ls_images"));
  compareSolutions(mini, "stitching.safetensors", "least squares", images, images.shape[0]!, compare);
  compareSolutions(mini, "stitching-two-images.safetensors", "least squares, two images", images, fewImages, compare);
  images.dispose();
}

function compareSolutions(mini: MiniFamily, file: string, label: string, images: Tensor, count: number, compare: Compare): void {
  const references = optionalTensors(mini.golden, file);
  if (references.size === 0) return;
  const { layers, positions } = initialiseStitchingLayers(mini.family.configs, mini.family.space, treeView(mini.plain), batches(images, count));
  const solutions = new Map<string, HostTensor>(Object.entries(layers));
  for (const [stitchId, { weight, bias }] of positions) solutions.set(`positions.${stitchId}.weight`, weight).set(`positions.${stitchId}.bias`, bias);

  const errors = new Map<string, number>();
  for (const [name, reference] of references) {
    const kind = `${name.startsWith("positions.") ? "positions" : "layers"}, ${name.endsWith(".bias") ? "biases" : "weights"}`;
    errors.set(kind, larger(errors.get(kind) ?? 0, solutionError(name, solutions.get(name), reference)));
  }
  const layerNames = (names: Iterable<string>): string[] => [...names].filter((name) => name.startsWith("stitching_layers.")).sort();
  compare(`${label}, names of layers`, exactListError(layerNames(solutions.keys()), layerNames(references.keys())), 0);
  for (const [kind, error] of errors) compare(`${label}, ${kind}`, error, tolerances.leastSquares);
}

function solutionError(name: string, solution: HostTensor | undefined, reference: StoredTensor): number {
  if (solution === undefined || solution.shape.join() !== reference.shape.join()) {
    throw new UsageError(`goldens: ${name} is [${reference.shape.join(", ")}], but the library computes ${solution === undefined ? "none" : `[${solution.shape.join(", ")}]`}.`);
  }
  return tensorError(solution.data, floatsOf(reference));
}

/** The first `count` images in portions, each freed when the next is asked for. */
function* batches(images: Tensor, count: number): Generator<Tensor> {
  for (let start = 0; start < count; start += batchSize) {
    const batch = tf.slice(images, start, Math.min(batchSize, count - start));
    yield batch;
    batch.dispose();
  }
}
