/**
 * @file What a technique adds below a module: tensors that all stitches share, and biases that each stitch may own.
 */
import type { Start } from "./method.js";

export interface SharedTrainables {
  /** Shared by all stitches of the space. */
  readonly weights: readonly { readonly name: string; readonly shape: readonly number[]; readonly start: Start }[];
  /** Zero at the start; a copy of each stitch's own, unless the method's bias scope is shared or none. */
  readonly biases: readonly { readonly name: string; readonly length: number }[];
}
