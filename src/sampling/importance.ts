/**
 * @file How important a stitch is: a score from gradients on one batch, and its moving average over the stitch's own visits.
 */
/** Score of a stitch on one batch. The paper names SNIP; reduction and variants are our choice.
 * - *trainable* (default) - mean |θ·∂L/∂θ| over the trained tensors on the path, head left out
 * - *merged* - mean |W∘∂L/∂W| over the low-rank-updated weights after merging
 * - *gradient-norm* - L2 norm of the trained tensors' gradients, head left out
 * - *fisher* - mean of their squares
 * - *loss* - minus the loss, so that better is higher
 * - *random* - drawn uniformly from [0, 1) */
export type ImportanceVariant = "trainable" | "merged" | "gradient-norm" | "fisher" | "loss" | "random";
export const importanceVariants: readonly ImportanceVariant[] = ["trainable", "merged", "gradient-norm", "fisher", "loss", "random"];

/** Values and gradients of one tensor, element by element. */
export interface ValueAndGradient {
  readonly value: ArrayLike<number>;
  readonly gradient: ArrayLike<number>;
}

/** mean |θ·∂L/∂θ| over all elements of all tensors together. A sum would favour large stitches. */
export function meanSaliency(tensors: readonly ValueAndGradient[]): number {
  return mean(tensors, (value, gradient) => Math.abs(value * gradient));
}

/** Mean squared gradient over all elements of all tensors together. */
export function meanSquaredGradient(tensors: readonly ValueAndGradient[]): number {
  return mean(tensors, (_, gradient) => gradient * gradient);
}

/** L2 norm of all gradients together. */
export function gradientNorm(tensors: readonly ValueAndGradient[]): number {
  return Math.sqrt(total(tensors, (_, gradient) => gradient * gradient));
}

function mean(tensors: readonly ValueAndGradient[], term: (value: number, gradient: number) => number): number {
  const count = tensors.reduce((sum, { value }) => sum + value.length, 0);
  return count === 0 ? 0 : total(tensors, term) / count;
}

function total(tensors: readonly ValueAndGradient[], term: (value: number, gradient: number) => number): number {
  let sum = 0;
  for (const { value, gradient } of tensors) for (let index = 0; index < value.length; index++) sum += term(value[index]!, gradient[index]!);
  return sum;
}

/** Moving averages of all stitches' scores, advanced on a stitch's own visits only (paper: moving averages; form ours). */
export interface ScoreAverage {
  /** m ← β·m + (1 − β)·Q, from 0. */
  readonly rawAverage: number[];
  readonly visits: number[];
}

/** Averages before any visit. */
export function createScoreAverage(stitches: number): ScoreAverage {
  return { rawAverage: new Array<number>(stitches).fill(0), visits: new Array<number>(stitches).fill(0) };
}

/** Takes in the score of one visit. @param beta - β; 0.9 by default. */
export function recordScore({ rawAverage, visits }: ScoreAverage, stitchId: number, score: number, beta = 0.9): void {
  rawAverage[stitchId] = beta * rawAverage[stitchId]! + (1 - beta) * score;
  visits[stitchId]! += 1;
}

/** Importance of every stitch: m / (1 − β^visits); the mean of the visited for one never visited; 0 when none was. */
export function importanceOf({ rawAverage, visits }: ScoreAverage, beta = 0.9): number[] {
  const corrected = rawAverage.map((average, stitchId) => (visits[stitchId]! > 0 ? average / (1 - beta ** visits[stitchId]!) : undefined));
  const visited = corrected.filter((score) => score !== undefined);
  const fallback = visited.length === 0 ? 0 : visited.reduce((sum, score) => sum + score, 0) / visited.length;
  return corrected.map((score) => score ?? fallback);
}
