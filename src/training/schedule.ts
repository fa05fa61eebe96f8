/**
 * @file The learning rate over training: linear warm-up, then a cosine.
 */

/** Settings of the schedule; the unit of time is whatever `length` counts (epochs in VTAB-1k practice). */
export interface Schedule {
  /** Units in all. */
  readonly length: number;
  /** Units of warm-up. */
  readonly warmup: number;
  /** Peak learning rate. */
  readonly base: number;
  /** Learning rate at unit 0 of the warm-up; 1e-6. */
  readonly warmupStart: number;
  /** Learning rate that the cosine falls to; 1e-5 for a base of 1e-3. */
  readonly minimum: number;
}

/** VTAB-1k practice: 100 epochs, 10 of warm-up from 1e-6, cosine from 1e-3 to 1e-5. */
export const vtabSchedule: Schedule = { length: 100, warmup: 10, base: 1e-3, warmupStart: 1e-6, minimum: 1e-5 };

/** The proportions of {@link vtabSchedule} at another length and peak: up from a thousandth of the peak, down to a hundredth. */
export function scaledSchedule(length: number, warmup: number, base: number): Schedule {
  return { length, warmup, base, warmupStart: base / 1000, minimum: base / 100 };
}

/**
 * Learning rate at time t: `warmupStart + t·(base − warmupStart)/warmup` while t < warmup, then
 * `minimum + ½·(base − minimum)·(1 + cos(π·t/length))`, and `minimum` from t = length on. The cosine does not restart after the warm-up.
 */
export function learningRate(t: number, { length, warmup, base, warmupStart, minimum }: Schedule): number {
  if (t < warmup) return warmupStart + (t * (base - warmupStart)) / warmup;
  return minimum + 0.5 * (base - minimum) * (1 + Math.cos((Math.PI * Math.min(t, length)) / length));
}
