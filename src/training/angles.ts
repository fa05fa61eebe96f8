/**
 * @file How two stitches' updates agree: the angle between their gradients on common tensors, and CKA of their features.
 */

/** Gradients by tensor name, outside the engine. */
export type HostGradients = Readonly<Record<string, ArrayLike<number>>>;

/** Whether a tensor belongs to a head, which angles leave out: it depends on the task's labels alone. */
export function isHead(name: string): boolean {
  return /(^|\.)head\.(weight|bias)$/.test(name);
}

/** Names of the tensors that both stitches touch, heads left out. */
export function commonTensors(first: HostGradients, second: HostGradients): string[] {
  return Object.keys(first).filter((name) => name in second && !isHead(name));
}

/**
 * Angle in degrees between two gradients over the tensors both touch, heads left out; `null` when nothing is in common
 * or one of the gradients is zero there.
 *
 * @param counts - which common tensors count; all by default.
 */
export function gradientAngle(first: HostGradients, second: HostGradients, counts: (name: string) => boolean = () => true): number | null {
  let product = 0;
  let firstSquares = 0;
  let secondSquares = 0;
  for (const name of commonTensors(first, second)) {
    if (!counts(name)) continue;
    const a = first[name]!;
    const b = second[name]!;
    for (let index = 0; index < a.length; index++) {
      product += a[index]! * b[index]!;
      firstSquares += a[index]! ** 2;
      secondSquares += b[index]! ** 2;
    }
  }
  if (firstSquares === 0 || secondSquares === 0) return null;
  const cosine = product / Math.sqrt(firstSquares * secondSquares);
  return (Math.acos(Math.min(1, Math.max(-1, cosine))) * 180) / Math.PI;
}

/**
 * Linear CKA of two feature matrices with the same rows (image × token): ‖YᵀX‖² / (‖XᵀX‖·‖YᵀY‖), columns centred.
 *
 * @param first - `[rows, D₁]`, row-major.
 * @param second - `[rows, D₂]`, row-major.
 */
export function linearCka(first: ArrayLike<number>, second: ArrayLike<number>, rows: number): number {
  const x = centred(first, rows);
  const y = centred(second, rows);
  return crossNorm(x, y, rows) / Math.sqrt(crossNorm(x, x, rows) * crossNorm(y, y, rows));
}

function centred(values: ArrayLike<number>, rows: number): Float64Array {
  const width = values.length / rows;
  const result = Float64Array.from(values);
  for (let column = 0; column < width; column++) {
    let mean = 0;
    for (let row = 0; row < rows; row++) mean += result[row * width + column]! / rows;
    for (let row = 0; row < rows; row++) result[row * width + column]! -= mean;
  }
  return result;
}

/** Squared Frobenius norm of YᵀX. */
function crossNorm(x: Float64Array, y: Float64Array, rows: number): number {
  const xWidth = x.length / rows;
  const yWidth = y.length / rows;
  let squares = 0;
  for (let i = 0; i < xWidth; i++) {
    for (let j = 0; j < yWidth; j++) {
      let product = 0;
      for (let row = 0; row < rows; row++) product += x[row * xWidth + i]! * y[row * yWidth + j]!;
      squares += product * product;
    }
  }
  return squares;
}
