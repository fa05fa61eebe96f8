/**
 * @file Visual prompt tuning: learned tokens beside an image's own, shared by all stitches.
 */
import type { ModuleHooks } from "../anchors/parameters.js";
import type { ModuleShape } from "../anchors/module-shape.js";
import { withPrompts } from "../anchors/visual-prompts.js";
import { choiceProblem, wholeNumberProblem } from "../checks.js";
import type { Tensor } from "../tensor/index.js";
import type { BiasScope } from "./method.js";
import type { SharedTrainables } from "./shared-trainables.js";

/** Where prompts enter (Jia et al. 2022):
 * - *shallow* - once, behind the front anchor's embedding; they run through its blocks, the stitching layer and the end anchor's blocks
 * - *deep* - before every block anew, in place of those that left the last one */
export type PromptDepth = "shallow" | "deep";
export const promptDepths: readonly PromptDepth[] = ["shallow", "deep"];

/** Prompts `[p, D]`, behind the class token. */
export interface PromptMethod {
  readonly kind: "prompt";
  readonly depth: PromptDepth;
  /** p, tokens. */
  readonly length: number;
  readonly biasScope: BiasScope;
  /** Rank of the low-rank update that the stitching layers carry, as in PST; 0 for none. */
  readonly stitchingRank: number;
}

/** Lists what is wrong with the method, one line a key. */
export function promptProblems(where: string, { depth, length }: PromptMethod): string[] {
  return [...choiceProblem(where, "depth", depth, promptDepths), ...wholeNumberProblem(where, "length", length, 1, Infinity)];
}

/** Prompts that enter after the positions (shallow) or before a block's first norm (deep). */
export function promptTrainables({ depth, length }: PromptMethod, module: ModuleShape): SharedTrainables {
  const enters = depth === "shallow" ? module.role === "positions" : module.role === "norm" && module.name.endsWith(".norm1");
  if (!enters) return { weights: [], biases: [] };
  return { weights: [{ name: `${module.name}.prompt`, shape: [length, module.weight.at(-1)!], start: { kind: "uniform" } }], biases: [] };
}

/** Prompts below a module. @param find - a trainable of the stitch by name. */
export function promptHooks(module: string, find: (name: string) => Tensor | undefined): ModuleHooks | undefined {
  const prompt = find(`${module}.prompt`);
  return prompt === undefined ? undefined : { enter: (x, tokens) => withPrompts(x, tokens, prompt) };
}
