/**
 * @file How close a float32 program must come to references that were computed in float64.
 *
 * Errors of tensors are relative to the tensor's largest element unless the name says otherwise.
 */
export const tolerances = {
  /** Logits, activations, features and losses. */
  forward: 1e-4,
  gradients: 1e-3,
  leastSquares: 1e-4,
  /** Importance scores, each relative to itself. */
  scores: 1e-4,
  angleDegrees: 0.01,
  /** Centred kernel alignment, absolute. */
  cka: 1e-5,
  /** Norms of single operations, row by row. */
  normRows: 1e-4,
  /** GELU and cross-entropy of single operations. */
  singleOperations: 1e-5,
  /** Parameters after AdamW where the gradient stands out, absolute. */
  firmAfterSteps: 2e-5,
  /** The same over a sequence of stitches. */
  firmAfterSequence: 1e-4,
  /** Double-precision results: moving averages, probabilities, learning rates, means. */
  double: 1e-9,
} as const;

/** How far an element without a firm gradient may be: Adam moves it by up to the learning rate a step, in either direction. */
export function looseTolerance(learningRate: number, steps: number): number {
  return 2.2 * learningRate * steps;
}
