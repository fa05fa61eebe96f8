/**
 * @file The tensor engine: TensorFlow.js as `tf`, the operations of transformers as single functions, and the choice of backend.
 *
 * Only the files of this folder and of `../native` import `@tensorflow/*`. Axis letters used in all doc comments: B batch, N tokens, P patches,
 * D width (Da front anchor, Db end anchor), H heads, r rank, C classes, V vocabulary.
 */
import * as tf from "@tensorflow/tfjs-core";
import "./gradients.js";

export { tf };
export type { Tensor, Variable } from "@tensorflow/tfjs-core";
export { adamWStep, createAdamWState } from "./adam-w.js";
export type { AdamWSettings, AdamWState, Moments } from "./adam-w.js";
export { attention } from "./attention.js";
export { computesOnProcessor, useBackend } from "./backend.js";
export type { BackendChoice, BackendInUse, BackendOptions, BackendName } from "./backend.js";
export { biasGelu } from "./bias-gelu.js";
export { biasResidual } from "./bias-residual.js";
export { causalAttention } from "./causal-attention.js";
export type { GroupedHeads } from "./causal-attention.js";
export { classTokens } from "./class-tokens.js";
export { computedValues } from "./computed-values.js";
export { decoderLayer } from "./decoder-layer.js";
export type { DecoderSettings } from "./decoder-layer.js";
export { updatesQueryValueAlone } from "./decoder-parts.js";
export type { DecoderLinear, DecoderParts } from "./decoder-parts.js";
export { decoderToken, hasDecoderToken } from "./decoder-token.js";
export type { DecoderTokenParts } from "./decoder-token.js";
export { differentiate } from "./differentiate.js";
export { halfTensor, isHalf, widenHalves } from "./half-tensor.js";
export type { Halves } from "../native/addon.js";
export { layerNorm } from "./layer-norm.js";
export { LeastSquares } from "./least-squares.js";
export type { LinearMap } from "./least-squares.js";
export { linear } from "./linear.js";
export type { LoraFactors } from "./linear.js";
export { mapFile } from "./map-file.js";
export { patchify } from "./patchify.js";
export { rmsNorm } from "./rms-norm.js";
export { rotary } from "./rotary.js";
export type { RotaryLayout, RotarySettings } from "./rotary.js";
export { siluGate } from "./silu-gate.js";
export { prefixAttention } from "./prefix-attention.js";
export { softmaxCrossEntropy } from "./soft-max-cross-entropy.js";
export { takeToken } from "./take-token.js";
export { transformerBlock } from "./transformer-block.js";
export type { BlockAdditions, BlockLinear, BlockNorm, BlockParameters, BlockSettings } from "./transformer-block.js";
export { NO_LABEL, tokenCrossEntropy } from "./token-cross-entropy.js";
export type { MovingOperands } from "./token-cross-entropy.js";
