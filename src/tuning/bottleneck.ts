/**
 * @file Adapters: small bottleneck networks in each block, shared by all stitches, with biases of each stitch's own.
 */
import type { ModuleHooks } from "../anchors/parameters.js";
import type { ModuleRole, ModuleShape } from "../anchors/module-shape.js";
import { choiceProblem, shown, wholeNumberProblem } from "../checks.js";
import { biasGelu, linear, tf, type Tensor } from "../tensor/index.js";
import type { BiasScope } from "./method.js";
import type { SharedTrainables } from "./shared-trainables.js";

/** Where a bottleneck sits:
 * - *houlsby* - behind attention and behind the MLP (Houlsby et al. 2019)
 * - *pfeiffer* - behind the MLP only (Pfeiffer et al. 2021)
 * - *parallel* - beside the MLP, on what the MLP reads: AdaptFormer (Chen et al. 2022) */
export type AdapterPlacement = "houlsby" | "pfeiffer" | "parallel";
export const adapterPlacements: readonly AdapterPlacement[] = ["houlsby", "pfeiffer", "parallel"];

/** Adds `s·(Wu·f(Wd·h + bd) + bu)` to the residual stream; f is GELU behind a branch and ReLU beside the MLP. Wu starts at zero. */
export interface AdapterMethod {
  readonly kind: "adapter";
  readonly placement: AdapterPlacement;
  /** Features of the bottleneck. */
  readonly width: number;
  /** s: 1 behind a branch, 0.1 beside the MLP (AdaptFormer). */
  readonly scaling: number;
  readonly biasScope: BiasScope;
  /** Rank of the low-rank update that the stitching layers carry, as in PST; 0 for none. */
  readonly stitchingRank: number;
}

const placedAt: Readonly<Record<AdapterPlacement, readonly ModuleRole[]>> = { houlsby: ["proj", "fc2"], pfeiffer: ["fc2"], parallel: ["fc2"] };

/** Lists what is wrong with the method, one line a key. */
export function adapterProblems(where: string, { placement, width, scaling }: AdapterMethod, narrowest: number): string[] {
  const problems = [...choiceProblem(where, "placement", placement, adapterPlacements), ...wholeNumberProblem(where, "width", width, 1, narrowest, "the smallest anchor's width")];
  return Number.isFinite(scaling) ? problems : [...problems, `${where}: scaling is ${shown(scaling)}, expected a finite number.`];
}

/** Bottleneck below a module: 2·D·w weights shared, and w + D biases. */
export function adapterTrainables({ placement, width }: AdapterMethod, module: ModuleShape): SharedTrainables {
  if (!placedAt[placement].includes(module.role)) return { weights: [], biases: [] };
  const tokens = module.weight[0]!;
  const name = `${module.name}.adapter`;
  return {
    weights: [
      { name: `${name}.down.weight`, shape: [width, tokens], start: { kind: "uniform" } },
      { name: `${name}.up.weight`, shape: [tokens, width], start: { kind: "zeros" } },
    ],
    biases: [{ name: `${name}.down.bias`, length: width }, { name: `${name}.up.bias`, length: tokens }],
  };
}

/** What the forward pass adds behind (or beside) a module. @param find - a trainable of the stitch by name. */
export function adapterHooks({ placement, scaling }: AdapterMethod, module: string, find: (name: string) => Tensor | undefined): ModuleHooks | undefined {
  const [downWeight, downBias, upWeight, upBias] = ["down.weight", "down.bias", "up.weight", "up.bias"].map((name) => find(`${module}.adapter.${name}`));
  if (downWeight === undefined || downBias === undefined || upWeight === undefined || upBias === undefined) return undefined;
  return {
    add: (y, normed) => tf.tidy(() => {
      const hidden = placement === "parallel" ? tf.relu(linear(normed, downWeight, downBias)) : biasGelu(linear(y, downWeight), downBias);
      const change = linear(hidden, upWeight, upBias);
      return scaling === 1 ? change : tf.mul(change, scaling);
    }),
  };
}
