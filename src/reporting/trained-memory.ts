/**
 * @file Memory that training keeps for what it trains.
 */

/** A weight, its gradient and AdamW's two averages, float32. */
const BYTES = 16;

/** MiB of trained values with their gradients and AdamW's averages. */
export function trainedMebibytes(parameters: number): number {
  return (parameters * BYTES) / 2 ** 20;
}
