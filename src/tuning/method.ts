/**
 * @file The tuning methods: each says which parameters of a stitched family move, and who shares them.
 */
import { biasName, elements, isToken, weightName, type ModuleRole, type ModuleShape } from "../anchors/module-shape.js";
import { choiceProblem, shown, throwProblems, wholeNumberProblem } from "../checks.js";
import { adapterProblems, adapterTrainables, type AdapterMethod } from "./bottleneck.js";
import { ownProblems, type OwnMethod } from "./own-technique.js";
import { prefixProblems, prefixTrainables, type PrefixMethod } from "./prefix.js";
import type { SharedTrainables } from "./shared-trainables.js";
import { promptProblems, promptTrainables, type PromptMethod } from "./visual-prompt.js";

/** Which biases a stitch owns a copy of:
 * - *all* (default; our choice of the paper's "bias terms") - every bias on its path: patch embedding, norms, linears, stitching layer, final norm
 * - *linear* - the blocks' linears and the stitching layer
 * - *attention* - qkv and proj
 * - *shared* - every bias, one copy for all stitches: the ablation
 * - *none* - biases stay frozen */
export type BiasScope = "all" | "linear" | "attention" | "shared" | "none";
export const biasScopes: readonly BiasScope[] = ["all", "linear", "attention", "shared", "none"];

/** Which linears of a block carry a low-rank update: fused qkv (default; our choice), its q and v thirds apart, or qkv and proj; stitching layers always. Or none at all: biases alone move. */
export type LoraTargets = "qkv" | "q+v" | "qkv+proj" | "none";
export const loraTargetChoices: readonly LoraTargets[] = ["qkv", "q+v", "qkv+proj", "none"];

/** Parameter-efficient stitch fine-tuning: low-rank updates shared by all stitches, biases of each stitch's own (paper). */
export interface PstMethod {
  readonly kind: "pst";
  /** r of every low-rank update; 8 in the paper. */
  readonly rank: number;
  /** s in W + s·B·A (alpha / r); 1 by default (our choice). */
  readonly scaling: number;
  readonly loraTargets: LoraTargets;
  readonly biasScope: BiasScope;
}

/** Full fine-tuning of everything on the path, shared by all stitches: SN-Net's adaptation. */
export interface FullMethod {
  readonly kind: "full";
}

/** Techniques that add tensors and a hook in the forward pass in place of low-rank updates of the blocks; biases as in PST. */
export type AddedMethod = AdapterMethod | PrefixMethod | PromptMethod | OwnMethod;

export type TuningMethod = PstMethod | FullMethod | AddedMethod;

/** Whether what a method trains folds into the weights of a plain network, output unchanged. */
export function isMergeable({ kind }: TuningMethod): boolean {
  return kind === "pst" || kind === "full";
}

/** Whether every stitch carries a low-rank update, anchors alone too. */
export function hasLora(method: TuningMethod): boolean {
  return method.kind === "pst" && method.loraTargets !== "none";
}

/** PST with the paper's rank and our choices elsewhere. */
export const defaultPst: PstMethod = { kind: "pst", rank: 8, scaling: 1, loraTargets: "qkv", biasScope: "all" };

/** How a trainable tensor starts: as a copy of a parameter, uniform in ±1/√in, at zero, or normal with deviation 0.02. */
export type Start = { readonly kind: "copy"; readonly of: string } | { readonly kind: "uniform" } | { readonly kind: "zeros" } | { readonly kind: "head" };

/** A tensor that training moves. */
export interface Trainable {
  /** Its name in the tree of trainables. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly start: Start;
  readonly role: "lora" | "bias" | "weight" | "head" | "added";
}

/** Lists what is wrong with a method on a family, one line a key. @param narrowest - the smallest anchor's width. */
export function methodProblems(where: string, method: TuningMethod, narrowest: number): string[] {
  switch (method.kind) {
    case "full":
      return [];
    case "pst":
      return pstProblems(where, method, narrowest);
    case "adapter":
      return [...adapterProblems(where, method, narrowest), ...sharedProblems(where, method, narrowest)];
    case "prefix":
      return [...prefixProblems(where, method), ...sharedProblems(where, method, narrowest)];
    case "prompt":
      return [...promptProblems(where, method), ...sharedProblems(where, method, narrowest)];
    case "own":
      return [...ownProblems(where, method), ...sharedProblems(where, method, narrowest)];
    default:
      return choiceProblem(where, "method", (method as { readonly kind: unknown }).kind, ["pst", "full", "adapter", "prefix", "prompt", "own"]);
  }
}

function sharedProblems(where: string, { biasScope, stitchingRank }: AddedMethod, narrowest: number): string[] {
  return [...choiceProblem(where, "biasScope", biasScope, biasScopes), ...wholeNumberProblem(where, "stitchingRank", stitchingRank, 0, narrowest, "the smallest anchor's width")];
}

function pstProblems(where: string, method: PstMethod, narrowest: number): string[] {
  const problems = [
    ...wholeNumberProblem(where, "rank", method.rank, 1, narrowest, "the smallest anchor's width"),
    ...choiceProblem(where, "loraTargets", method.loraTargets, loraTargetChoices),
    ...choiceProblem(where, "biasScope", method.biasScope, biasScopes),
  ];
  if (!Number.isFinite(method.scaling)) problems.push(`${where}: scaling is ${shown(method.scaling)}, expected a finite number.`);
  return problems;
}

/** Throws when the method does not fit the family. */
export function checkMethod(where: string, method: TuningMethod, narrowest: number): void {
  throwProblems(methodProblems(where, method, narrowest));
}

const decoderLinears: readonly ModuleRole[] = ["query", "key", "value", "output", "gate", "up", "down"];

const scopeRoles: Readonly<Record<Exclude<BiasScope, "none">, readonly ModuleRole[]>> = {
  all: ["patch-embedding", "norm", "qkv", "proj", "fc1", "fc2", ...decoderLinears, "stitching-layer", "final-norm"],
  linear: ["qkv", "proj", "fc1", "fc2", ...decoderLinears, "stitching-layer"],
  attention: ["qkv", "proj", "query", "key", "value", "output"],
  shared: ["patch-embedding", "norm", "qkv", "proj", "fc1", "fc2", ...decoderLinears, "stitching-layer", "final-norm"],
};

/** Elements of the bias that adaptation trains: the module's own, or one that it adds. */
function biasLength({ bias, addedBias = 0 }: ModuleShape): number {
  return bias > 0 ? bias : addedBias;
}

/** Whether a scope trains the module's bias. The head's bias belongs to the head, never to a scope. */
export function scopeHolds(scope: BiasScope, module: ModuleShape): boolean {
  return scope !== "none" && biasLength(module) > 0 && scopeRoles[scope].includes(module.role);
}

/** Modules below which a low-rank update hangs: the module itself, or the q and v thirds of a fused qkv. */
export function loraSites(targets: LoraTargets, module: ModuleShape): { readonly name: string; readonly out: number }[] {
  const out = module.weight[0]!;
  if (targets === "none") return [];
  if (module.role === "stitching-layer") return [{ name: module.name, out }];
  if (module.role === "query" || module.role === "value") return [{ name: module.name, out }]; // decoders: q and v whatever the targets (our choice)
  if ((module.role === "proj" || module.role === "output") && targets === "qkv+proj") return [{ name: module.name, out }];
  if (module.role !== "qkv") return [];
  if (targets === "q+v") return ["q", "v"].map((third) => ({ name: `${module.name}.${third}`, out: out / 3 }));
  return [{ name: module.name, out }];
}

/** Name of a stitch's own copy of a parameter. */
export function ownName(stitchId: number, name: string): string {
  return `stitches.${stitchId}.${name}`;
}

/**
 * Lists the tensors that training moves when it runs one stitch: the partition of the parameter tree that the method is.
 *
 * @param modules - the modules on the stitch's route, with full names.
 */
export function stitchTrainables(method: TuningMethod, stitchId: number, modules: readonly ModuleShape[]): Trainable[] {
  return modules.flatMap((module) => {
    if (module.role === "head") return headTrainables(module);
    switch (method.kind) {
      case "full":
        return fullTrainables(module);
      case "pst":
        return [...loraTrainables(method.rank, loraSites(method.loraTargets, module), module), ...biasTrainables(method.biasScope, stitchId, module)];
      default:
        return addedTrainables(method, stitchId, module);
    }
  });
}

function headTrainables(module: ModuleShape): Trainable[] {
  return [
    { name: weightName(module), shape: module.weight, start: { kind: "head" }, role: "head" },
    { name: biasName(module), shape: [module.bias], start: { kind: "zeros" }, role: "head" },
  ];
}

function fullTrainables(module: ModuleShape): Trainable[] {
  const weight: Trainable = { name: weightName(module), shape: module.weight, start: { kind: "copy", of: weightName(module) }, role: "weight" };
  if (isToken(module) || module.bias === 0) return [weight];
  return [weight, { name: biasName(module), shape: [module.bias], start: { kind: "copy", of: biasName(module) }, role: "bias" }];
}

function loraTrainables(rank: number, sites: ReturnType<typeof loraSites>, module: ModuleShape): Trainable[] {
  const fanIn = module.weight[1] ?? 1;
  return sites.flatMap(({ name, out }): Trainable[] => [
    { name: `${name}.lora_A`, shape: [rank, fanIn], start: { kind: "uniform" }, role: "lora" },
    { name: `${name}.lora_B`, shape: [out, rank], start: { kind: "zeros" }, role: "lora" },
  ]);
}

function biasTrainables(scope: BiasScope, stitchId: number, module: ModuleShape): Trainable[] {
  if (!scopeHolds(scope, module)) return [];
  const bias = biasName(module);
  return [{ name: scope === "shared" ? bias : ownName(stitchId, bias), shape: [biasLength(module)], start: module.bias > 0 ? { kind: "copy", of: bias } : { kind: "zeros" }, role: "bias" }];
}

/** Weights that a technique adds are shared; its biases follow the pretrained ones: a copy a stitch, or one for all where the scope is shared or none. */
function addedTrainables(method: AddedMethod, stitchId: number, module: ModuleShape): Trainable[] {
  const { weights, biases } = addedBelow(method, module);
  const common = method.biasScope === "shared" || method.biasScope === "none";
  const stitching = module.role === "stitching-layer" && method.stitchingRank > 0 ? loraTrainables(method.stitchingRank, [{ name: module.name, out: module.weight[0]! }], module) : [];
  return [
    ...stitching,
    ...weights.map((weight): Trainable => ({ ...weight, role: "added" })),
    ...biases.map(({ name, length }): Trainable => ({ name: common ? name : ownName(stitchId, name), shape: [length], start: { kind: "zeros" }, role: "added" })),
    ...biasTrainables(method.biasScope, stitchId, module),
  ];
}

function addedBelow(method: AddedMethod, module: ModuleShape): SharedTrainables {
  switch (method.kind) {
    case "adapter":
      return adapterTrainables(method, module);
    case "prefix":
      return prefixTrainables(method, module);
    case "prompt":
      return promptTrainables(method, module);
    case "own":
      return method.trainables(module);
  }
}

/** Elements of all trainables, each counted once however many stitches share it. */
export function trainableElements(trainables: Iterable<Trainable>): number {
  const byName = new Map([...trainables].map((trainable) => [trainable.name, elements(trainable.shape)]));
  return [...byName.values()].reduce((sum, count) => sum + count, 0);
}
