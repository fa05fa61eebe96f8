/**
 * @file Opens a family of small vision transformers as its manifest describes it.
 */
import type { HostTensor, ParameterTree } from "../../anchors/parameters.js";
import { toTree } from "../../anchors/parameters.js";
import type { StoredTensor } from "../../anchors/safetensors.js";
import { vitConfig, type VitConfig } from "../../anchors/vit-shape.js";
import { createRng } from "../../rng.js";
import { stitchFamily, type StitchFamily } from "../../stitching/family.js";
import { tf, type Tensor } from "../../tensor/index.js";
import { createTunedModel, type TunedModel } from "../../tuning/tuned-model.js";
import { defaultPst, type BiasScope } from "../../tuning/method.js";
import { floatsOf, toTensor } from "./engine-values.js";
import { caseTensors, fileNames, namedTensor, type GoldenCase } from "./golden-case.js";
import type { JsonNode } from "./json-node.js";

/** Records one comparison; `place` says where the error is. */
export type Compare = (quantity: string, error: number, tolerance: number, place?: string) => void;

/** The family, its parameters and its batch. */
export interface MiniFamily {
  readonly golden: GoldenCase;
  readonly family: StitchFamily;
  /** Anchors and stored stitching layers, by full names. */
  readonly pretrained: Readonly<Record<string, HostTensor>>;
  /** The same in the engine. */
  readonly plain: ParameterTree;
  /** Low-rank factors by full names. */
  readonly lora: Readonly<Record<string, HostTensor>>;
  readonly rank: number;
  readonly scaling: number;
  /** `[B, 3, H, W]`. */
  readonly images: Tensor;
  /** int32 `[B]`. */
  readonly labels: Tensor;
}

/** Reads the anchors, the stored stitching layers, the low-rank factors and the batch. The caller disposes `plain`, `images` and `labels`. */
export function openMiniFamily(golden: GoldenCase): MiniFamily {
  const config = golden.manifest.get("config");
  const family = stitchFamily(configsOf(config), positionOptions(config));
  const pretrained: Record<string, HostTensor> = {};
  for (const anchor of family.configs.keys()) {
    for (const [name, tensor] of caseTensors(golden, `anchor-${anchor}.safetensors`)) pretrained[`anchors.${anchor}.${name}`] = hostTensor(tensor);
  }
  for (const [name, tensor] of caseTensors(golden, "stitching.safetensors")) if (name.startsWith("stitching_layers.")) pretrained[name] = hostTensor(tensor);
  const lora = Object.fromEntries([...caseTensors(golden, "lora.safetensors")].map(([name, tensor]) => [name, hostTensor(tensor)]));
  return {
    golden,
    family,
    pretrained,
    plain: toTree(pretrained),
    lora,
    rank: config.get("lora_rank").count(),
    scaling: config.get("lora_scale").number(),
    images: toTensor(namedTensor(golden, caseTensors(golden, "inputs.safetensors"), "images")),
    labels: tf.tensor1d(golden.manifest.get("labels").counts(), "int32"),
  };
}

/** The tensors of a file, or none where the case does without it. */
export function optionalTensors(golden: GoldenCase, file: string): Map<string, StoredTensor> {
  return fileNames(golden).includes(file) ? caseTensors(golden, file) : new Map<string, StoredTensor>();
}

/** Values of a stored tensor. */
export function hostTensor(stored: StoredTensor): HostTensor {
  return { shape: stored.shape, data: floatsOf(stored) };
}

/** The family without the final norm on stitched paths. */
export function withoutFinalNorm({ golden, family }: MiniFamily): StitchFamily {
  return stitchFamily(family.configs, { ...positionOptions(golden.manifest.get("config")), finalNorm: false });
}

/** The family under adaptation, from the stored low-rank factors, the anchors' heads and biases, or the biases in `starts`. The caller disposes it. */
export function tunedMini(mini: MiniFamily, options: { scaling?: number; biasScope?: BiasScope; starts?: Readonly<Record<string, HostTensor>> } = {}): TunedModel {
  const { scaling = mini.scaling, biasScope = "all", starts = {} } = options;
  const heads = Object.fromEntries(Object.entries(mini.pretrained).filter(([name]) => name.includes(".head.")));
  return createTunedModel(mini.family, mini.pretrained, { ...defaultPst, rank: mini.rank, scaling, biasScope }, createRng(0), { starts: { ...mini.lora, ...heads, ...starts } });
}

/** A trainable's name as the goldens write it: without the prefix of the stitch that owns it. */
export function sharedName(name: string): string {
  return name.replace(/^stitches\.\d+\./, "");
}

function configsOf(config: JsonNode): VitConfig[] {
  const widths = config.get("widths").counts();
  const layers = config.get("layers");
  const depths = Array.isArray(layers.value) ? layers.counts() : widths.map(() => layers.count());
  const heads = config.get("heads").counts();
  return widths.map((width, anchor) =>
    vitConfig({
      width,
      depth: depths[anchor]!,
      heads: heads[anchor]!,
      imageSize: config.get("image").count(),
      patchSize: config.get("patch").count(),
      classes: config.get("classes").count(),
      channels: config.find("channels")?.count() ?? 3,
      mlpRatio: config.find("mlp_ratio")?.count() ?? 4,
      layerNormEpsilon: config.find("layer_norm_eps")?.number() ?? 1e-6,
    }),
  );
}

function positionOptions(config: JsonNode): { windowSize?: number; stride?: number } {
  const windowSize = config.find("window")?.count();
  const stride = config.find("stride")?.count();
  return { ...(windowSize === undefined ? {} : { windowSize }), ...(stride === undefined ? {} : { stride }) };
}
