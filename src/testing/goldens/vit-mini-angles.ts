/**
 * @file Golden angles between stitches' gradients, and centred kernel alignment of activations.
 */
import { commonTensors, gradientAngle, linearCka, type HostGradients } from "../../training/angles.js";
import { disposeGradients, stitchGradients } from "../../training/gradients.js";
import { disposeModel, type TunedModel } from "../../tuning/tuned-model.js";
import { absoluteError, exactError, larger } from "./comparison.js";
import { caseJson, fileNames } from "./golden-case.js";
import type { JsonNode } from "./json-node.js";
import { tolerances } from "./tolerances.js";
import { hostTensor, optionalTensors, tunedMini, type Compare, type MiniFamily } from "./vit-mini-family.js";
import { activations } from "./vit-mini-forward.js";

const angleFile = "angles.json";

/** Compares every pair of `angles.json`. */
export function compareAngles(mini: MiniFamily, compare: Compare): void {
  if (!fileNames(mini.golden).includes(angleFile)) return;
  const content = caseJson(mini.golden, angleFile);
  compareGradientAngles(mini, content.find("angles")?.items() ?? [], compare);
  const alignments = content.find("cka")?.items() ?? [];
  const errors = alignments.map((entry) => absoluteError([linearCka(activation(mini, entry.get("x")), activation(mini, entry.get("y")), rowsOf(mini))], [entry.get("cka").number()]));
  if (errors.length > 0) compare("cka", errors.reduce(larger, 0), tolerances.cka);
}

function compareGradientAngles(mini: MiniFamily, pairs: readonly JsonNode[], compare: Compare): void {
  const starts = Object.fromEntries([...optionalTensors(mini.golden, "angles.safetensors")].map(([name, tensor]) => [name, hostTensor(tensor)]));
  const stitchIds = new Set(pairs.flatMap((pair) => pair.get("stitches").counts()));
  const shared = gradientsOf(mini, tunedMini(mini, { biasScope: "shared" }), stitchIds);
  const specific = gradientsOf(mini, tunedMini(mini, { starts }), stitchIds);
  const errors = new Map<string, number>();
  for (const pair of pairs) {
    const [first, second] = pair.get("stitches").counts();
    const both = (gradients: ReadonlyMap<number, HostGradients>): [HostGradients, HostGradients] => [gradients.get(first ?? -1) ?? {}, gradients.get(second ?? -1) ?? {}];
    const common = commonTensors(...both(shared));
    const counts: Record<string, number> = { common_lora_tensors: common.filter(isLora).length, common_bias_tensors: common.filter((name) => !isLora(name)).length };
    const angles: Record<string, number | null> = {
      degrees_shared_biases: gradientAngle(...both(shared)),
      degrees_shared_biases_lora_only: gradientAngle(...both(shared), isLora),
      degrees_stitch_specific_biases: gradientAngle(...both(specific)),
    };
    for (const key of pair.keys().filter((name) => name !== "stitches")) {
      const count = counts[key];
      const angle = angles[key];
      if (count === undefined && angle === undefined) throw pair.get(key).unlike(`one of the fields ${Object.keys({ ...counts, ...angles }).join(", ")}`);
      const error = count === undefined ? angleError(angle ?? null, pair.get(key)) : exactError([count], [pair.get(key).count()]);
      errors.set(key, larger(errors.get(key) ?? 0, error));
    }
  }
  for (const [key, error] of errors) compare(`angles, ${key}`, error, key.startsWith("degrees") ? tolerances.angleDegrees : 0);
}

/** Gradients of some stitches, read out; the model is freed. */
function gradientsOf(mini: MiniFamily, model: TunedModel, stitchIds: ReadonlySet<number>): Map<number, HostGradients> {
  const gradients = new Map<number, HostGradients>();
  for (const stitchId of stitchIds) {
    const result = stitchGradients(model, stitchId, mini);
    gradients.set(stitchId, Object.fromEntries(Object.entries(result.gradients).map(([name, tensor]) => [name, Float32Array.from(tensor.dataSync())])));
    disposeGradients(result);
  }
  disposeModel(model);
  return gradients;
}

/** Nothing in common must be nothing on both sides. */
function angleError(angle: number | null, reference: JsonNode): number {
  if (angle === null || reference.value === null) return angle === reference.value ? 0 : Infinity;
  return Math.abs(angle - reference.number());
}

function isLora(name: string): boolean {
  return /\.lora_[AB]$/.test(name);
}

/** One activation `[rows, D]`, named as [anchor, index]. */
function activation(mini: MiniFamily, place: JsonNode): Float32Array {
  const [anchor, index] = place.counts();
  const all = activations(mini, anchor ?? -1);
  const size = all.length / (mini.family.configs[anchor ?? -1]!.depth + 1);
  const start = (index ?? 0) * size;
  return all.slice(start, start + size);
}

/** Images × tokens. */
function rowsOf({ family, images }: MiniFamily): number {
  const { imageSize, patchSize } = family.configs[0]!;
  return images.shape[0]! * ((imageSize / patchSize) ** 2 + 1);
}
