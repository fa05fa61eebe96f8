/**
 * @file A stitched family with its frozen and trainable tensors, and the view each stitch has of them.
 */
import type { AnchorConfig } from "../anchors/anchor.js";
import type { KeyValueMemory } from "../anchors/key-value-memory.js";
import { biasName, elements, weightName, type ModuleShape } from "../anchors/module-shape.js";
import { toTree, treeTensor, type HostTensor, type ModuleHooks, type ParameterTree, type ParameterView } from "../anchors/parameters.js";
import type { VitConfig } from "../anchors/vit-shape.js";
import type { Rng } from "../rng.js";
import type { StitchFamily } from "../stitching/family.js";
import { stitchLogits } from "../stitching/forward.js";
import { tf, type LoraFactors, type Tensor, type Variable } from "../tensor/index.js";
import { adapterHooks } from "./bottleneck.js";
import { checkMethod, ownName, stitchTrainables, trainableElements, type AddedMethod, type Trainable, type TuningMethod } from "./method.js";
import { prefixHooks } from "./prefix.js";
import { promptHooks } from "./visual-prompt.js";

/** A family under adaptation. Its tensors are kept until {@link disposeModel}. */
export interface TunedModel<Config extends AnchorConfig = VitConfig> {
  readonly family: StitchFamily<Config>;
  readonly method: TuningMethod;
  /** Pretrained weights and stitching layers, under `anchors.<a>.` and `stitching_layers.<id>`; never written. */
  readonly frozen: ParameterTree;
  /** What training moves. */
  readonly trainable: Readonly<Record<string, Variable>>;
  /** The trainables of every stitch, by stitch id; empty for a stitch that is not adapted. */
  readonly partition: readonly (readonly Trainable[])[];
}

export interface TunedModelOptions {
  /** Stitches to adapt: all by default; one anchor's id for an anchor alone. */
  readonly stitchIds?: readonly number[];
  /** Starts of named trainables in place of the method's own. */
  readonly starts?: Readonly<Record<string, HostTensor>>;
}

/**
 * Splits a family's parameters by a tuning method and starts the trainables.
 *
 * @param pretrained - values of `anchors.<a>.<timm name>` and `stitching_layers.<id>.weight|bias`; heads are not read.
 * @param rng - draws LoRA's A and the heads from streams named after the tensors.
 * @throws {UsageError} when the method does not fit the family.
 */
export function createTunedModel<Config extends AnchorConfig>(family: StitchFamily<Config>, pretrained: Readonly<Record<string, HostTensor>>, method: TuningMethod, rng: Rng, { stitchIds, starts = {} }: TunedModelOptions = {}): TunedModel<Config> {
  checkMethod("createTunedModel", method, family.configs[0]!.width);
  const adapted = new Set(stitchIds ?? family.space.stitches.map(({ stitchId }) => stitchId));
  const partition = family.modules.map((modules, stitchId) => (adapted.has(stitchId) ? stitchTrainables(method, stitchId, modules) : []));
  const trainables = new Map(partition.flat().map((trainable) => [trainable.name, trainable]));
  const trainable: Record<string, Variable> = {};
  for (const one of trainables.values()) trainable[one.name] = startVariable(one, starts[one.name] ?? startValue(one, pretrained, rng));
  const needed = new Set([...adapted].flatMap((stitchId) => frozenNames(family.modules[stitchId]!)));
  const frozen = toTree(Object.fromEntries(Object.entries(pretrained).filter(([name]) => needed.has(name) && trainable[name] === undefined)));
  return { family, method, frozen, trainable, partition };
}

function frozenNames(modules: readonly ModuleShape[]): string[] {
  return modules.filter(({ role }) => role !== "head").flatMap((module) => [weightName(module), biasName(module)]);
}

function startVariable(trainable: Trainable, { shape, data }: HostTensor): Variable {
  if (elements(trainable.shape) !== data.length) throw new Error(`${trainable.name} starts from shape [${shape.join(", ")}], expected [${trainable.shape.join(", ")}]`);
  return tf.tidy(() => tf.keep(tf.variable(tf.tensor(new Float32Array(data), [...trainable.shape], "float32"))));
}

function startValue({ name, shape, start }: Trainable, pretrained: Readonly<Record<string, HostTensor>>, rng: Rng): HostTensor {
  const data = new Float32Array(elements(shape));
  const stream = rng.stream(`init/${name}`);
  switch (start.kind) {
    case "copy": {
      const source = pretrained[start.of];
      if (source === undefined) throw new Error(`createTunedModel: ${start.of} is missing from the pretrained parameters`);
      return source;
    }
    case "uniform": {
      const bound = 1 / Math.sqrt(shape[1]!);
      return { shape, data: data.map(() => bound * (2 * stream.uniform() - 1)) };
    }
    case "head":
      return { shape, data: data.map(() => 0.02 * stream.normal()) };
    case "zeros":
      return { shape, data };
  }
}

/** How a stitch reads the model's parameters: its own copies first, then shared trainables, then the frozen tree. */
export function stitchView({ method, frozen, trainable }: Pick<TunedModel, "method" | "frozen" | "trainable">, stitchId: number): ParameterView {
  const find = (name: string): Tensor | undefined => trainable[ownName(stitchId, name)] ?? trainable[name];
  const view: ParameterView = {
    get: (name) => find(name) ?? treeTensor(frozen, name),
    find: (name) => find(name) ?? frozen[name],
    lora: (module) => (method.kind === "full" ? undefined : loraFactors(trainable, module, method.kind === "pst" ? method.scaling : 1)),
  };
  return method.kind === "full" || method.kind === "pst" ? view : { ...view, hooks: (module) => addedHooks(method, module, find) };
}

function addedHooks(method: AddedMethod, module: string, find: (name: string) => Tensor | undefined): ModuleHooks | undefined {
  switch (method.kind) {
    case "adapter":
      return adapterHooks(method, module, find);
    case "prefix":
      return prefixHooks(module, find);
    case "prompt":
      return promptHooks(module, find);
    case "own":
      return method.hooks(module, find);
  }
}

function loraFactors(trainable: Readonly<Record<string, Tensor>>, module: string, scaling: number): LoraFactors | undefined {
  const loraA = trainable[`${module}.lora_A`];
  const loraB = trainable[`${module}.lora_B`];
  if (loraA !== undefined && loraB !== undefined) return { loraA, loraB, scaling };
  const [queryA, queryB, valueA, valueB] = ["q.lora_A", "q.lora_B", "v.lora_A", "v.lora_B"].map((name) => trainable[`${module}.${name}`]);
  if (queryA === undefined || queryB === undefined || valueA === undefined || valueB === undefined) return undefined;
  return { loraA: tf.concat([queryA, valueA], 0), loraB: thirdsOf(queryB, valueB), scaling };
}

/** B of a fused qkv from B of its q and v thirds, each `[D, r]`: `[3D, 2r]` with zeros elsewhere. */
function thirdsOf(queryB: Tensor, valueB: Tensor): Tensor {
  const width = queryB.shape[0]!;
  return tf.concat([tf.pad(queryB as Tensor, [[0, 2 * width], [0, 0]]), tf.pad(valueB as Tensor, [[2 * width, 0], [0, 0]])], 1);
}

/** Logits of one stitch: `[B, C]` on images `[B, 3, H, W]`, `[B, N, V]` on token ids int32 `[B, N]`; with a memory, which they follow, those of the last token `[B, 1, V]`. */
export function modelLogits(model: TunedModel<AnchorConfig>, stitchId: number, input: Tensor, memory?: KeyValueMemory): Tensor {
  return stitchLogits(model.family.configs, model.family.routes[stitchId]!, stitchView(model, stitchId), input, memory);
}

/** Elements that training moves in all. */
export function trainableCount(model: Pick<TunedModel, "partition">): number {
  return trainableElements(model.partition.flat());
}

/** Frees the model's tensors. */
export function disposeModel({ frozen, trainable }: Pick<TunedModel, "frozen" | "trainable">): void {
  for (const tensor of [...Object.values(frozen), ...Object.values(trainable)]) tensor.dispose();
}
