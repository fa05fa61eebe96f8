/**
 * @file Prefix tuning: learned keys and values in front of every block's own, shared by all stitches.
 */
import type { ModuleHooks } from "../anchors/parameters.js";
import type { ModuleShape } from "../anchors/module-shape.js";
import { wholeNumberProblem } from "../checks.js";
import { prefixAttention, type Tensor } from "../tensor/index.js";
import type { BiasScope } from "./method.js";
import type { SharedTrainables } from "./shared-trainables.js";

/** Keys and values of `length` learned positions in every block (Li and Liang 2021), without reparametrisation (our choice). */
export interface PrefixMethod {
  readonly kind: "prefix";
  /** p, positions. */
  readonly length: number;
  readonly biasScope: BiasScope;
  /** Rank of the low-rank update that the stitching layers carry, as in PST; 0 for none. */
  readonly stitchingRank: number;
}

/** Lists what is wrong with the method, one line a key. */
export function prefixProblems(where: string, { length }: PrefixMethod): string[] {
  return wholeNumberProblem(where, "length", length, 1, Infinity);
}

/** Keys and values of a block, each `[p, D]`. */
export function prefixTrainables({ length }: PrefixMethod, module: ModuleShape): SharedTrainables {
  if (module.role !== "qkv") return { weights: [], biases: [] };
  const shape = [length, module.weight[1]!];
  return { weights: ["prefix_keys", "prefix_values"].map((name) => ({ name: `${module.name}.${name}`, shape, start: { kind: "uniform" } })), biases: [] };
}

/** Attention with the prefix, below `attn.qkv`. @param find - a trainable of the stitch by name. */
export function prefixHooks(module: string, find: (name: string) => Tensor | undefined): ModuleHooks | undefined {
  const [keys, values] = [find(`${module}.prefix_keys`), find(`${module}.prefix_values`)];
  return keys === undefined || values === undefined ? undefined : { attend: (qkv, heads) => prefixAttention(qkv, heads, keys, values) };
}
