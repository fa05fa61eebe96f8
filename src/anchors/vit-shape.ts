/**
 * @file Sizes and costs of a plain vision transformer in timm's layout: whole numbers only.
 */
import { choiceProblem, throwProblems, wholeNumberProblem } from "../checks.js";
import type { ModuleRole, ModuleShape, PartShape } from "./module-shape.js";

/** Sizes of a vision transformer: pre-norm, erf GELU, class token, learned positions. */
export interface VitConfig {
  readonly kind: "vit";
  /** D, features of a token. */
  readonly width: number;
  /** L, blocks. */
  readonly depth: number;
  /** H, attention heads; divides the width. */
  readonly heads: number;
  /** Pixels on a side; a multiple of the patch size. */
  readonly imageSize: number;
  /** p, pixels on a side of a patch. */
  readonly patchSize: number;
  readonly channels: number;
  readonly mlpRatio: number;
  /** C, classes of the head. */
  readonly classes: number;
  readonly layerNormEpsilon: number;
}

/** Makes a configuration from its telling sizes; the rest are the field's usual values. */
export function vitConfig(sizes: Pick<VitConfig, "width" | "depth" | "heads" | "imageSize" | "patchSize" | "classes"> & Partial<VitConfig>): VitConfig {
  const config: VitConfig = { kind: "vit", channels: 3, mlpRatio: 4, layerNormEpsilon: 1e-6, ...sizes };
  throwProblems(vitConfigProblems("vitConfig", config));
  return config;
}

/** Lists what is wrong with a configuration, one line a key. */
export function vitConfigProblems(where: string, config: VitConfig): string[] {
  const keys = ["width", "depth", "heads", "imageSize", "patchSize", "channels", "mlpRatio", "classes"] as const;
  const problems = [...choiceProblem(where, "kind", config.kind, ["vit"]), ...keys.flatMap((key) => wholeNumberProblem(where, key, config[key], 1, Infinity))];
  if (problems.length > 0) return problems;
  if (config.width % config.heads !== 0) problems.push(`${where}: heads is ${config.heads}, expected a divisor of width ${config.width}.`);
  if (config.imageSize % config.patchSize !== 0) problems.push(`${where}: patchSize is ${config.patchSize}, expected a divisor of imageSize ${config.imageSize}.`);
  return problems;
}

/** P, patches of an image. */
export function patchCount({ imageSize, patchSize }: VitConfig): number {
  return (imageSize / patchSize) ** 2;
}

/** N, tokens of an image: its patches and the class token. */
export function tokenCount(config: VitConfig): number {
  return patchCount(config) + 1;
}

/** Patch embedding, class token and positions: P·p²·channels·D multiply–accumulates. */
export function vitEmbedShape(config: VitConfig): PartShape {
  const { width, patchSize, channels } = config;
  return {
    modules: [
      { name: "cls_token", role: "class-token", weight: [1, 1, width], bias: 0 },
      { name: "pos_embed", role: "positions", weight: [1, tokenCount(config), width], bias: 0 },
      { name: "patch_embed.proj", role: "patch-embedding", weight: [width, channels, patchSize, patchSize], bias: width },
    ],
    flops: patchCount(config) * patchSize * patchSize * channels * width,
  };
}

/** Block n: (4 + 2·mlpRatio)·N·D² + 2·N²·D + 10·N·D multiply–accumulates. */
export function vitBlockShape(config: VitConfig, block: number): PartShape {
  const { width, mlpRatio } = config;
  const tokens = tokenCount(config);
  const hidden = mlpRatio * width;
  const module = (name: string, role: ModuleRole, weight: readonly number[]): ModuleShape => ({ name: `blocks.${block}.${name}`, role, weight, bias: weight[0]! });
  return {
    modules: [
      module("norm1", "norm", [width]),
      module("attn.qkv", "qkv", [3 * width, width]),
      module("attn.proj", "proj", [width, width]),
      module("norm2", "norm", [width]),
      module("mlp.fc1", "fc1", [hidden, width]),
      module("mlp.fc2", "fc2", [width, hidden]),
    ],
    flops: (4 + 2 * mlpRatio) * tokens * width * width + 2 * tokens * tokens * width + 10 * tokens * width,
  };
}

/** Final norm over all tokens: 5·N·D. (The forward pass norms the class token only: the same output.) */
export function vitNormShape(config: VitConfig): PartShape {
  return { modules: [{ name: "norm", role: "final-norm", weight: [config.width], bias: config.width }], flops: 5 * tokenCount(config) * config.width };
}

/** Head on the class token: D·C. */
export function vitHeadShape({ width, classes }: VitConfig): PartShape {
  return { modules: [{ name: "head", role: "head", weight: [classes, width], bias: classes }], flops: width * classes };
}

/** Every module of the anchor, in the order of the forward pass. */
export function vitModules(config: VitConfig): ModuleShape[] {
  const blocks = Array.from({ length: config.depth }, (_, block) => vitBlockShape(config, block));
  return [vitEmbedShape(config), ...blocks, vitNormShape(config), vitHeadShape(config)].flatMap((part) => part.modules);
}
