/**
 * @file What an anchor is made of, in whole numbers: modules with the shapes of their parameters, and the cost of each part.
 *
 * Forward passes, FLOPs, parameter counts, tuning partitions and shape checks of weight files all read these lists.
 */

/** What a module does, as far as tuning methods tell modules apart. */
export type ModuleRole = "patch-embedding" | "class-token" | "positions" | "norm" | "qkv" | "proj" | "fc1" | "fc2" | "final-norm" | "head" | "stitching-layer"
  | "embedding" | "query" | "key" | "value" | "output" | "gate" | "up" | "down" | "token-head";

/** A named group of parameters: `${name}.weight`, `${name}.bias`, or a bare token tensor called `name`. */
export interface ModuleShape {
  readonly name: string;
  readonly role: ModuleRole;
  /** Shape of the weight; of the tensor itself for a token. */
  readonly weight: readonly number[];
  /** Length of the bias, or 0 where there is none. */
  readonly bias: number;
  /** Length of the bias that adaptation adds, from zero, to a linear that has none. Pretrained counts leave it out. */
  readonly addedBias?: number;
}

/** One part of an anchor (embedding, a block, the final norm, the head): its modules and its multiply–accumulates. */
export interface PartShape {
  readonly modules: readonly ModuleShape[];
  /** Multiply–accumulates counted once, five per LayerNorm element (fvcore's convention). */
  readonly flops: number;
}

/** Whether the module is a bare tensor, named without `.weight`. */
export function isToken(module: ModuleShape): boolean {
  return module.role === "class-token" || module.role === "positions";
}

/** Name of the module's weight tensor. */
export function weightName(module: ModuleShape): string {
  return isToken(module) ? module.name : `${module.name}.weight`;
}

/** Name of the module's bias tensor. */
export function biasName(module: ModuleShape): string {
  return `${module.name}.bias`;
}

/** Elements of a tensor of that shape. */
export function elements(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** Parameters of a module. */
export function moduleParameters(module: ModuleShape): number {
  return elements(module.weight) + module.bias;
}
