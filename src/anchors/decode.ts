/**
 * @file Writing text with a decoder: one token after another, each chosen from the logits of the last.
 */
import { UsageError } from "../checks.js";
import type { RandomStream } from "../rng.js";
import { tf, type Tensor } from "../tensor/index.js";
import { KeyValueMemory } from "./key-value-memory.js";

/** How the next token is chosen. */
export interface DecodingOptions {
  /** Most tokens to write. */
  readonly maximum: number;
  /** Most tokens of prompt and answer together. */
  readonly context: number;
  /** Ends the text and is not returned; none by default. */
  readonly endId?: number | undefined;
  /** Divides the logits before drawing; 0 (the default) takes the likeliest token. */
  readonly temperature?: number;
  /** Draws where the temperature is above 0. */
  readonly random?: Pick<RandomStream, "uniform">;
}

/** Logits of the tokens int32 `[B, N]` that follow those in the memory: `[B, N, V]`, or of the last one alone. */
export type NextLogits = (tokens: Tensor, memory: KeyValueMemory) => Tensor;

/**
 * Continues a prompt, token by token, remembering keys and values.
 *
 * @param next - a decoder or a stitch of decoders.
 * @param prompt - at least one token.
 * @returns the tokens after the prompt, as they come; the memory is freed when the iteration ends or is left.
 * @throws {UsageError} when the prompt is empty or fills the context, or a temperature above 0 has nothing to draw with.
 */
export function* decodeTokens(next: NextLogits, prompt: readonly number[], { maximum, context, endId, temperature = 0, random }: DecodingOptions): Generator<number, void, void> {
  if (prompt.length === 0) throw new UsageError("decode: the prompt has no token, expected at least one. Begin with the mark that begins a text.");
  if (prompt.length >= context) throw new UsageError(`decode: the prompt has ${prompt.length} tokens, expected fewer than the context of ${context}. Shorten it.`);
  if (!(temperature >= 0 && Number.isFinite(temperature))) throw new UsageError(`decode: temperature is ${temperature}, expected a number of at least 0.`);
  if (temperature > 0 && random === undefined) throw new UsageError(`decode: temperature is ${temperature} without a stream to draw from, expected one. Give a seed.`);
  const memory = new KeyValueMemory();
  try {
    let fresh: readonly number[] = prompt;
    for (let written = 0; written < Math.min(maximum, context - prompt.length); written++) {
      const logits = tf.tidy(() => lastLogits(next, [fresh], memory).dataSync() as Float32Array);
      const token = temperature === 0 ? largestIndex(logits) : drawIndex(logits, temperature, random!.uniform());
      if (token === endId) return;
      yield token;
      fresh = [token];
    }
  } finally {
    memory.dispose();
  }
}

/** Logits `[B, 1, V]` after the last token of each row; rows are of equal length. */
export function lastLogits(next: NextLogits, rows: readonly (readonly number[])[], memory: KeyValueMemory): Tensor {
  const length = rows[0]!.length;
  return tf.tidy(() => {
    const logits = next(tf.tensor2d(rows.flat(), [rows.length, length], "int32"), memory);
    const [, count, vocabulary] = logits.shape as [number, number, number];
    return count === 1 ? logits : tf.slice(logits, [0, count - 1, 0], [rows.length, 1, vocabulary]);
  });
}

/** Index of the largest value, the first of equals. */
export function largestIndex(values: ArrayLike<number>): number {
  let best = 0;
  for (let index = 1; index < values.length; index++) if (values[index]! > values[best]!) best = index;
  return best;
}

/** Draws an index with probability softmax(logits / temperature). @param uniform - from 0 to below 1. */
export function drawIndex(logits: Float32Array, temperature: number, uniform: number): number {
  const top = logits[largestIndex(logits)]!;
  const weights = Float64Array.from(logits, (logit) => Math.exp((logit - top) / temperature));
  let rest = uniform * weights.reduce((sum, weight) => sum + weight, 0);
  for (let index = 0; index < weights.length; index++) {
    rest -= weights[index]!;
    if (rest < 0) return index;
  }
  return largestIndex(logits); // rounding left a rest
}
