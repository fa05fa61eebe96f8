/**
 * @file Parameters are a plain tree, name to tensor; a view answers a forward pass that asks for them by name.
 */
import { halfTensor, tf, type Halves, type LoraFactors, type Tensor } from "../tensor/index.js";
import { isToken, weightName, type ModuleShape } from "./module-shape.js";

/** Tensors by their checkpoint names. */
export type ParameterTree = Readonly<Record<string, Tensor>>;

/** Values of a tensor outside the engine. */
export interface HostTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
  /** The same numbers in 16 bits, where a matrix is kept so; `data` then widens a copy. */
  readonly halves?: Halves;
}

/** How a forward pass reads parameters: a tuning method decides what answers. */
export interface ParameterView {
  /** The tensor of that name. @throws when there is none. */
  get(name: string): Tensor;
  /** The tensor of that name, or nothing: for biases that only adaptation adds. A view without it holds none. */
  find?(name: string): Tensor | undefined;
  /** The low-rank update of a module, where it has one. */
  lora(module: string): LoraFactors | undefined;
  /** What is added around a module, where something is; a view that adds nothing leaves it out. */
  hooks?(module: string): ModuleHooks | undefined;
}

/** What a tuning method adds around a module. The forward pass asks at named places: `pos_embed`, and in a block `norm1`, `attn.qkv`, `attn.proj`, `mlp.fc2`. */
export interface ModuleHooks {
  /** Before `norm1` and after `pos_embed`: changes the tokens `[B, ·, D]` of an image that has `tokens` of its own. */
  readonly enter?: (x: Tensor, tokens: number) => Tensor;
  /** After `attn.qkv`: attends in place of plain attention. */
  readonly attend?: (qkv: Tensor, heads: number) => Tensor;
  /** After `attn.proj` and `mlp.fc2`: what is added to the residual stream. @param y - the module's output, bias included. @param normed - what the block's branch read, after its norm. */
  readonly add?: (y: Tensor, normed: Tensor) => Tensor;
}

/** A view on a plain tree, without low-rank updates. */
export function treeView(tree: ParameterTree): ParameterView {
  return { get: (name) => treeTensor(tree, name), find: (name) => tree[name], lora: () => undefined };
}

/** The tensor of that name in the tree. @throws when there is none. */
export function treeTensor(tree: ParameterTree, name: string): Tensor {
  const tensor = tree[name];
  if (tensor === undefined) throw new Error(`parameter ${name} is missing from the tree (${Object.keys(tree).length} tensors)`);
  return tensor;
}

/** The part of a view below a prefix. */
export function scopedView(view: ParameterView, prefix: string): ParameterView {
  const { hooks } = view;
  return { get: (name) => view.get(prefix + name), find: (name) => view.find?.(prefix + name), lora: (module) => view.lora(prefix + module), ...(hooks === undefined ? {} : { hooks: (module) => hooks(prefix + module) }) };
}

/** Copies host values into engine tensors; those in 16 bits stay so where the backend can. The caller disposes the tree ({@link disposeTree}). */
export function toTree(values: Readonly<Record<string, HostTensor>>): ParameterTree {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, tf.keep(tensorOf(value))]));
}

function tensorOf(value: HostTensor): Tensor {
  const { halves, shape } = value;
  return halves === undefined ? tf.tensor(value.data, [...shape], "float32") : halfTensor(halves, shape);
}

/** Copies a tree's values out of the engine. */
export function toHost(tree: ParameterTree): Record<string, HostTensor> {
  return Object.fromEntries(Object.entries(tree).map(([name, tensor]) => [name, { shape: tensor.shape, data: new Float32Array(tensor.dataSync()) }]));
}

/** Frees every tensor of the tree. */
export function disposeTree(tree: ParameterTree): void {
  for (const tensor of Object.values(tree)) tensor.dispose();
}

/** Names and shapes of all tensors of the modules, in order. */
export function parameterShapes(modules: readonly ModuleShape[]): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  for (const module of modules) {
    shapes.set(weightName(module), module.weight);
    if (!isToken(module) && module.bias > 0) shapes.set(`${module.name}.bias`, [module.bias]);
  }
  return shapes;
}
