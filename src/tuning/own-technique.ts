/**
 * @file A technique of the caller's own: what it adds below a module, and what the forward pass does with it.
 */
import type { ModuleShape } from "../anchors/module-shape.js";
import type { ModuleHooks } from "../anchors/parameters.js";
import { shown } from "../checks.js";
import type { Tensor } from "../tensor/index.js";
import type { BiasScope } from "./method.js";
import type { SharedTrainables } from "./shared-trainables.js";

/** Biases of each stitch's own and the update of the stitching layers as in PST; the rest is the caller's. Functions are not kept in files: what it trained cannot be loaded again. */
export interface OwnMethod {
  readonly kind: "own";
  /** Tensors that it adds below a module, as {@link SharedTrainables}; none for most modules. */
  readonly trainables: (module: ModuleShape) => SharedTrainables;
  /** What the forward pass does at a module, or nothing. @param find - a trainable of the stitch by name. */
  readonly hooks: (module: string, find: (name: string) => Tensor | undefined) => ModuleHooks | undefined;
  readonly biasScope: BiasScope;
  /** Rank of the low-rank update that the stitching layers carry, as in PST; 0 for none. */
  readonly stitchingRank: number;
}

/** Lists what is wrong with the method, one line a key. */
export function ownProblems(where: string, method: OwnMethod): string[] {
  return (["trainables", "hooks"] as const).flatMap((key) => (typeof method[key] === "function" ? [] : [`${where}: ${key} is ${shown(method[key])}, expected a function. A file of weights does not keep the functions of a technique of one's own.`]));
}
