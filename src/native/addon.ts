/**
 * @file The compiled kernels, as functions of flat arrays. Matrices are row by row; an empty array stands for an absent argument.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/** Elementwise functions of two arrays, named for `operation(a, b)`; `subtractFrom` is b − a, `divideInto` is b / a. */
export type BinaryOperation = "add" | "subtract" | "subtractFrom" | "multiply" | "divide" | "divideInto" | "maximum" | "minimum";

/** Elementwise functions of one array. */
export type UnaryOperation =
  | "negate"
  | "square"
  | "squareRoot"
  | "reciprocalSquareRoot"
  | "reciprocal"
  | "absolute"
  | "relu"
  | "exp"
  | "log"
  | "erf"
  | "sigmoid"
  | "tanh";

type F32 = Float32Array;

/** Numbers in 16 bits as they lie in memory: Uint16Array is IEEE half precision, Int16Array is bfloat16. */
export type Halves = Uint16Array | Int16Array;

/** A weight as a kernel reads it. */
export type Weight = Float32Array | Halves;

/** What the library exports. Every function checks lengths first and throws an error that names what is wrong. */
export interface Addon {
  version(): number;
  setThreads(count: number): number;
  simdLevel(): "baseline" | "avx2" | "avx512" | "avx512 and amx";
  matmul(a: F32, b: F32, out: F32, batch: number, aBatch: number, bBatch: number, m: number, n: number, k: number, turnA: boolean, turnB: boolean): void;
  reflect(factor: Float64Array, fresh: Float64Array, rows: number, pivots: number, total: number): void;
  solveFactor(factor: Float64Array, solution: Float64Array, pivots: number, total: number, cutOff: number): void;
  linear(x: F32, weight: Weight, bias: F32, loraA: F32, loraB: F32, scaling: number, y: F32, rows: number, inputs: number, outputs: number, rank: number): void;
  linearBackwardX(dy: F32, weight: Weight, loraA: F32, loraB: F32, scaling: number, dx: F32, rows: number, inputs: number, outputs: number, rank: number): void;
  linearBackwardLora(x: F32, dy: F32, loraA: F32, loraB: F32, scaling: number, da: F32, db: F32, rows: number, inputs: number, outputs: number, rank: number): void;
  layerNorm(x: F32, gain: F32, bias: F32, epsilon: number, y: F32, rows: number, width: number): void;
  layerNormBackward(x: F32, gain: F32, dy: F32, epsilon: number, dx: F32, dgain: F32, dbias: F32, rows: number, width: number): void;
  biasGelu(x: F32, bias: F32, y: F32, rows: number, width: number): void;
  biasGeluBackward(x: F32, bias: F32, dy: F32, dx: F32, dbias: F32, rows: number, width: number): void;
  biasResidual(x: F32, bias: F32, residual: F32, y: F32, rows: number, width: number): void;
  attention(qkv: F32, out: F32, batch: number, tokens: number, heads: number, width: number): void;
  attentionBackward(qkv: F32, dout: F32, dqkv: F32, batch: number, tokens: number, heads: number, width: number): void;
  classAttention(qkv: F32, out: F32, batch: number, tokens: number, heads: number, width: number): void;
  classAttentionBackward(qkv: F32, dout: F32, dqkv: F32, batch: number, tokens: number, heads: number, width: number): void;
  block(x: F32, parameters: readonly F32[], y: F32, kept: F32, sizes: readonly number[], epsilon: number, scaling: number): void;
  blockBackward(x: F32, parameters: readonly F32[], kept: F32, dy: F32, dx: F32, slopes: F32, sizes: readonly number[], epsilon: number, scaling: number): void;
  softmaxCrossEntropy(logits: F32, labels: Int32Array, out: F32, classes: number): void;
  softmaxCrossEntropyBackward(logits: F32, labels: Int32Array, dy: number, dx: F32, classes: number): void;
  rmsNorm(x: F32, gain: F32, epsilon: number, y: F32, rows: number, width: number): void;
  rmsNormBackward(x: F32, gain: F32, dy: F32, epsilon: number, dx: F32, dgain: F32, rows: number, width: number): void;
  rotary(x: F32, y: F32, batch: number, tokens: number, heads: number, width: number, interleaved: boolean, theta: number, start: number, direction: number): void;
  siluGate(gate: F32, up: F32, y: F32): void;
  siluGateBackward(gate: F32, up: F32, dy: F32, dgate: F32, dup: F32): void;
  causalAttention(queries: F32, keys: F32, values: F32, out: F32, batch: number, tokens: number, known: number, heads: number, keyHeads: number, width: number): void;
  causalAttentionBackward(queries: F32, keys: F32, values: F32, dout: F32, dqueries: F32, dkeys: F32, dvalues: F32, batch: number, tokens: number, known: number, heads: number, keyHeads: number, width: number): void;
  tokenLoss(logits: F32, labels: Int32Array, scale: number, out: F32, slopes: F32, classes: number): void;
  gatherRows(table: Weight, ids: Int32Array, out: F32, count: number, width: number): void;
  scatterRows(rows: F32, ids: Int32Array, table: F32, count: number, width: number): void;
  widen(from: Weight, out: F32): void;
  mapFile(path: string): ArrayBuffer;
  decoderToken(x: F32, weights: readonly Weight[], biases: readonly F32[], lora: readonly F32[], scaling: number, keys: F32, values: F32, y: F32, position: number, heads: number, keyHeads: number, hidden: number, interleaved: boolean, theta: number, epsilon: number): void;
  decoderLayer(x: F32, parameters: readonly F32[], y: F32, kept: F32, sizes: readonly number[], interleaved: boolean, theta: number, epsilon: number, scaling: number): void;
  decoderLayerBackward(x: F32, parameters: readonly F32[], kept: F32, dy: F32, dx: F32, slopes: F32, sizes: readonly number[], interleaved: boolean, theta: number, epsilon: number, scaling: number): void;
  adamW(values: F32, slopes: F32, first: F32, second: F32, keep: number, rate: number, scale: number, beta1: number, beta2: number, epsilon: number): void;
  binary(operation: BinaryOperation, a: F32, b: F32, run: number, out: F32): void;
  unary(operation: UnaryOperation, x: F32, y: F32): void;
  softmax(x: F32, y: F32, rows: number, width: number): void;
  sum(x: F32, out: F32, outer: number, middle: number, inner: number): void;
  copy(from: F32, fromOffset: number, to: F32, toOffset: number, layout: number[]): void;
}

const VERSION = 6;
// The same path from src/native and from dist/native.
const libraryPath = fileURLToPath(new URL("../../src/native/esta_native.node", import.meta.url));

/** The library, or why there is none. */
export type AddonOrReason = { readonly kind: "loaded"; readonly addon: Addon } | { readonly kind: "absent"; readonly reason: string };

let loaded: AddonOrReason | undefined;

/** Loads the library once; an absent, foreign or outdated one is an answer, not an error. */
export function loadAddon(): AddonOrReason {
  loaded ??= load();
  return loaded;
}

function load(): AddonOrReason {
  if (!existsSync(libraryPath)) return { kind: "absent", reason: "native is not built: run npm run build:native" };
  try {
    const addon = createRequire(import.meta.url)(libraryPath) as Addon;
    const version = addon.version();
    if (version === VERSION) return { kind: "loaded", addon };
    return { kind: "absent", reason: `native was built from version ${version} of its source, now ${VERSION}: run npm run build:native` };
  } catch (error) {
    const message = error instanceof Error ? error.message.split("\n")[0] : String(error);
    return { kind: "absent", reason: `native cannot be loaded (${message}): run npm run build:native` };
  }
}
