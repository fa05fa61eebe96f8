/**
 * @file One token of every sequence.
 */
import * as tf from "@tensorflow/tfjs-core";
import { wholeNumberProblem, throwProblems } from "../checks.js";
import { hasKernel, runFused } from "./fused.js";
import { expectRank } from "./shape-check.js";

/**
 * Takes token `index` of each sequence.
 *
 * @param x - shape `[B, N, D]`.
 * @param index - 0 for the class token.
 * @returns shape `[B, D]`.
 * @throws {UsageError} when the index is not one of the N tokens.
 */
export function takeToken(x: tf.Tensor, index: number): tf.Tensor {
  expectRank("takeToken", "x", x.shape, 3, "[B, N, D]");
  throwProblems(wholeNumberProblem("takeToken", "index", index, 0, x.shape[1]! - 1, "the tokens of x"));
  if (!hasKernel("EstaTakeToken")) return takeTokenComposed(x, index);
  return runFused("EstaTakeToken", { x }, { index });
}

/** The definition of {@link takeToken} in TensorFlow.js operations. */
export function takeTokenComposed(x: tf.Tensor, index: number): tf.Tensor {
  const [batch, , width] = x.shape as [number, number, number];
  return tf.tidy(() => tf.reshape(tf.slice(x, [0, index, 0], [batch, 1, width]), [batch, width]));
}
