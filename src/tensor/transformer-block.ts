/**
 * @file A pre-norm transformer block in one operation.
 */
import * as tf from "@tensorflow/tfjs-core";
import { UsageError } from "../checks.js";
import { attention } from "./attention.js";
import { biasGelu } from "./bias-gelu.js";
import { biasResidual } from "./bias-residual.js";
import { classAttention } from "./class-attention.js";
import { isFollowed } from "./differentiate.js";
import { hasKernel } from "./fused.js";
import { layerNorm } from "./layer-norm.js";
import { linear, type LoraFactors } from "./linear.js";
import { expectRank, expectShape } from "./shape-check.js";
import { takeToken } from "./take-token.js";

/** A layer norm's parameters, both `[D]`. */
export interface BlockNorm {
  readonly gain: tf.Tensor;
  readonly bias: tf.Tensor;
}

/** A linear layer's parameters: weight `[out, in]`, bias `[out]`, perhaps a low-rank update. */
export interface BlockLinear {
  readonly weight: tf.Tensor;
  readonly bias: tf.Tensor;
  readonly lora?: LoraFactors | undefined;
}

/** The parameters of a block of width D. */
export interface BlockParameters {
  readonly norm1: BlockNorm;
  /** D to 3D: all queries, all keys, all values. */
  readonly qkv: BlockLinear;
  /** D to D. */
  readonly proj: BlockLinear;
  readonly norm2: BlockNorm;
  /** D to the hidden width. */
  readonly fc1: BlockLinear;
  /** The hidden width to D. */
  readonly fc2: BlockLinear;
}

/** Numbers of a block that are not trained. */
export interface BlockSettings {
  /** H, a divisor of D. */
  readonly heads: number;
  /** Added to the variances of the norms. */
  readonly epsilon: number;
}

/** What may be added inside a block, or left out. */
export interface BlockAdditions {
  /** Attends in place of plain attention. */
  readonly attend?: ((qkv: tf.Tensor, heads: number) => tf.Tensor) | undefined;
  /** Is added to the stream with the attention's output y, which it is given with what the branch read, after its norm. */
  readonly besideAttention?: ((y: tf.Tensor, normed: tf.Tensor) => tf.Tensor) | undefined;
  /** As {@link besideAttention}, of the second branch. */
  readonly besideMlp?: ((y: tf.Tensor, normed: tf.Tensor) => tf.Tensor) | undefined;
  /** Whether the first token alone leaves the block, as `[B, D]`: attention and what follows run on it alone. */
  readonly classTokenLeaves?: boolean | undefined;
}

/**
 * Computes `m = x + proj(attention(qkv(norm1 x)))` and returns `m + fc2(gelu(fc1(norm2 m)))`.
 *
 * A backend's whole-block kernel does so where nothing is added, only qkv has a low-rank update and no weight is differentiated by.
 *
 * @param x - tokens `[B, N, D]`.
 * @returns the shape of `x`, or of the tokens that leave.
 * @throws {UsageError} when shapes do not agree.
 */
export function transformerBlock(x: tf.Tensor, parameters: BlockParameters, settings: BlockSettings, additions: BlockAdditions = {}): tf.Tensor {
  checkBlock(x, parameters, settings);
  const { qkv, proj, fc1, fc2 } = parameters;
  const added = additions.attend ?? additions.besideAttention ?? additions.besideMlp ?? proj.lora ?? fc1.lora ?? fc2.lora;
  if (added !== undefined || additions.classTokenLeaves === true || !hasKernel("EstaBlock") || [qkv, proj, fc1, fc2].some(({ weight }) => isFollowed(weight))) return blockComposed(x, parameters, settings, additions);
  return blockFused(x, parameters, settings);
}

/** The definition of {@link transformerBlock} in smaller operations. */
export function blockComposed(x: tf.Tensor, { norm1, qkv, proj, norm2, fc1, fc2 }: BlockParameters, { heads, epsilon }: BlockSettings, { attend, besideAttention, besideMlp, classTokenLeaves = false }: BlockAdditions = {}): tf.Tensor {
  const leaving = (tokens: tf.Tensor): tf.Tensor => (classTokenLeaves ? takeToken(tokens, 0) : tokens);
  const mix = (packed: tf.Tensor): tf.Tensor => {
    if (attend !== undefined) return leaving(attend(packed, heads));
    return classTokenLeaves ? classAttention(packed, heads) : attention(packed, heads);
  };
  const residual = (y: tf.Tensor, bias: tf.Tensor, stream: tf.Tensor, normed: tf.Tensor, beside: BlockAdditions["besideMlp"]): tf.Tensor => {
    const sum = biasResidual(y, bias, stream);
    return beside === undefined ? sum : tf.add(sum, beside(tf.add(y, bias), normed));
  };
  return tf.tidy(() => {
    const normed = layerNorm(x, norm1.gain, norm1.bias, epsilon);
    const mixed = mix(linear(normed, qkv.weight, qkv.bias, qkv.lora));
    const middle = residual(linear(mixed, proj.weight, undefined, proj.lora), proj.bias, leaving(x), leaving(normed), besideAttention);
    const normedMiddle = layerNorm(middle, norm2.gain, norm2.bias, epsilon);
    const hidden = biasGelu(linear(normedMiddle, fc1.weight, undefined, fc1.lora), fc1.bias);
    return residual(linear(hidden, fc2.weight, undefined, fc2.lora), fc2.bias, middle, normedMiddle, besideMlp);
  });
}

function blockFused(x: tf.Tensor, { norm1, qkv, proj, norm2, fc1, fc2 }: BlockParameters, settings: BlockSettings): tf.Tensor {
  const inputs: Record<string, tf.Tensor> = {
    x,
    gain1: norm1.gain,
    bias1: norm1.bias,
    qkv: qkv.weight,
    qkvBias: qkv.bias,
    proj: proj.weight,
    projBias: proj.bias,
    gain2: norm2.gain,
    bias2: norm2.bias,
    fc1: fc1.weight,
    fc1Bias: fc1.bias,
    fc2: fc2.weight,
    fc2Bias: fc2.bias,
    ...(qkv.lora === undefined ? {} : { loraA: qkv.lora.loraA, loraB: qkv.lora.loraB }),
  };
  const keep = Object.values(inputs).some(isFollowed);
  return tf.tidy(() => {
    const [y] = tf.engine().runKernel<tf.Tensor[]>(qkv.lora === undefined ? "EstaBlock" : "EstaLoraBlock", inputs, { ...settings, scaling: qkv.lora?.scaling ?? 0, keep });
    return y!;
  });
}

function checkBlock(x: tf.Tensor, { norm1, qkv, proj, norm2, fc1, fc2 }: BlockParameters, { heads }: BlockSettings): void {
  const where = "transformerBlock";
  expectRank(where, "x", x.shape, 3, "[B, N, D]");
  const width = x.shape[2]!;
  if (!(Number.isInteger(heads) && heads > 0 && width % heads === 0)) throw new UsageError(`${where}: x has width ${width} and heads is ${heads}, expected a divisor of the width.`);
  const hidden = fc1.weight.shape[0] ?? 0;
  const because = `x has width ${width}`;
  for (const [name, norm] of [["norm1", norm1], ["norm2", norm2]] as const) {
    expectShape(where, `the gain of ${name}`, norm.gain.shape, [width], because);
    expectShape(where, `the bias of ${name}`, norm.bias.shape, [width], because);
  }
  for (const [name, layer, out, inputs] of [["qkv", qkv, 3 * width, width], ["proj", proj, width, width], ["fc1", fc1, hidden, width], ["fc2", fc2, width, hidden]] as const) {
    expectShape(where, `the weight of ${name}`, layer.weight.shape, [out, inputs], because);
    expectShape(where, `the bias of ${name}`, layer.bias.shape, [out], because);
  }
  if (qkv.lora === undefined) return;
  const rank = qkv.lora.loraA.shape[0] ?? 0;
  expectShape(where, "loraA", qkv.lora.loraA.shape, [rank, width], because);
  expectShape(where, "loraB", qkv.lora.loraB.shape, [3 * width, rank], `${because}, loraA has rank ${rank}`);
}
