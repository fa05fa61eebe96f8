/**
 * @file Golden values of single operations, with their gradients.
 */
import { biasGelu, layerNorm, rmsNorm, rotary, softmaxCrossEntropy, tf, type Tensor } from "../../tensor/index.js";
import type { StoredTensor } from "../../anchors/safetensors.js";
import { relativeError, rowwiseError, tensorError } from "./comparison.js";
import { floatsOf, toTensor, valuesOf } from "./engine-values.js";
import { caseTensors, fileNames, namedTensor, type GoldenCase } from "./golden-case.js";
import type { GoldenReport } from "./golden-report.js";
import { tolerances } from "./tolerances.js";

const layerNormEpsilon = 1e-6;
const rmsNormEpsilon = 1e-5;

type Reference = (name: string) => StoredTensor;
type Compare = (quantity: string, error: number, tolerance: number) => void;

/** Compares LayerNorm, RMSNorm, GELU, cross-entropy and rotary positions. */
export async function runOps(golden: GoldenCase, report: GoldenReport): Promise<void> {
  for (const file of fileNames(golden)) {
    const tensors = caseTensors(golden, file);
    const reference: Reference = (name) => namedTensor(golden, tensors, name);
    const compare: Compare = (quantity, error, tolerance) => report.compare(`${golden.name} ${quantity}`, error, tolerance);
    const has = (prefix: string): boolean => [...tensors.keys()].some((name) => name.startsWith(prefix));
    if (has("layer_norm.")) await report.attempt(`${golden.name} layer_norm`, () => compareLayerNorm(reference, compare));
    if (has("gelu.")) await report.attempt(`${golden.name} gelu`, () => compareGelu(reference, compare));
    if (has("cross_entropy.")) await report.attempt(`${golden.name} cross_entropy`, () => compareCrossEntropy(golden, reference, compare));
    if (has("rms_norm.")) await report.attempt(`${golden.name} rms_norm`, () => compareRmsNorm(reference, compare));
    if (has("rope.")) await report.attempt(`${golden.name} rope`, () => compareRotary(reference, compare));
  }
}

function compareLayerNorm(reference: Reference, compare: Compare): void {
  const width = reference("norm.gain").shape[0]!;
  const results = valuesOf(() => {
    const forward = (x: Tensor, gain: Tensor, bias: Tensor): Tensor => layerNorm(x, gain, bias, layerNormEpsilon);
    const [x, gain, beta, dy] = ["norm.x", "norm.gain", "norm.beta", "norm.dy"].map((name) => toTensor(reference(name)));
    const [dx, dgain, dbeta] = tf.grads(forward)([x!, gain!, beta!], dy!);
    return { y: forward(x!, gain!, beta!), dx: dx!, dgain: dgain!, dbeta: dbeta! };
  });
  for (const name of ["y", "dx"] as const) compare(`layer_norm.${name}, row by row`, rowwiseError(results[name], floatsOf(reference(`layer_norm.${name}`)), width), tolerances.normRows);
  for (const name of ["dgain", "dbeta"] as const) compare(`layer_norm.${name}`, tensorError(results[name], floatsOf(reference(`layer_norm.${name}`))), tolerances.normRows);
}

function compareRmsNorm(reference: Reference, compare: Compare): void {
  const width = reference("norm.gain").shape[0]!;
  const results = valuesOf(() => {
    const forward = (x: Tensor, gain: Tensor): Tensor => rmsNorm(x, gain, rmsNormEpsilon);
    const [x, gain, dy] = ["rms_norm.x", "norm.gain", "norm.dy"].map((name) => toTensor(reference(name)));
    const [dx, dgain] = tf.grads(forward)([x!, gain!], dy!);
    return { y: forward(x!, gain!), dx: dx!, dgain: dgain! };
  });
  for (const name of ["y", "dx"] as const) compare(`rms_norm.${name}, row by row`, rowwiseError(results[name], floatsOf(reference(`rms_norm.${name}`)), width), tolerances.normRows);
  compare("rms_norm.dgain", tensorError(results.dgain, floatsOf(reference("rms_norm.dgain"))), tolerances.normRows);
}

function compareRotary(reference: Reference, compare: Compare): void {
  const [batch, heads, tokens, width] = reference("rope.x").shape as [number, number, number, number];
  for (const [name, layout] of [["interleaved", "interleaved"], ["rotate_half", "half-split"]] as const) {
    const { turned } = valuesOf(() => {
      const sideBySide = tf.reshape(tf.transpose(toTensor(reference("rope.x")), [0, 2, 1, 3]), [batch, tokens, heads * width]);
      const y = tf.reshape(rotary(sideBySide, heads, { layout, theta: 10000 }), [batch, tokens, heads, width]);
      return { turned: tf.transpose(y, [0, 2, 1, 3]) };
    });
    compare(`rope.${name}`, tensorError(turned, floatsOf(reference(`rope.${name}`))), tolerances.singleOperations);
  }
}

function compareGelu(reference: Reference, compare: Compare): void {
  const results = valuesOf(() => {
    const x = toTensor(reference("gelu.x"));
    const forward = (input: Tensor): Tensor => biasGelu(input, tf.zeros([1]));
    const column = tf.reshape(x, [-1, 1]);
    return { y: forward(column), dydx: tf.grad(forward)(column) };
  });
  for (const name of ["y", "dydx"] as const) compare(`gelu.${name}`, tensorError(results[name], floatsOf(reference(`gelu.${name}`))), tolerances.singleOperations);
}

function compareCrossEntropy(golden: GoldenCase, reference: Reference, compare: Compare): void {
  const expected = golden.manifest.get("cross_entropy");
  const results = valuesOf(() => {
    const logits = toTensor(reference("cross_entropy.logits"));
    const labels = tf.tensor1d(expected.get("labels").counts(), "int32");
    const forward = (input: Tensor): Tensor => softmaxCrossEntropy(input, labels);
    return { loss: forward(logits), dlogits: tf.grad(forward)(logits) };
  });
  compare("cross_entropy.loss", relativeError(results.loss, [expected.get("loss").number()]), tolerances.singleOperations);
  compare("cross_entropy.dlogits", tensorError(results.dlogits, floatsOf(reference("cross_entropy.dlogits"))), tolerances.singleOperations);
}
