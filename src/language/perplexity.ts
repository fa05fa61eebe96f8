/**
 * @file Perplexity: how surprised a model is by the tokens of a text.
 */
import { UsageError } from "../checks.js";

/** Sums of a set of tokens; add the parts of several batches and read the whole with {@link perplexityOf}. */
export interface TokenLoss {
  /** Sum of −ln p(token), in nats. */
  readonly negativeLogLikelihood: number;
  readonly tokens: number;
}

/**
 * Sums −ln p of the tokens whose mask is 1; token t is predicted from position t − 1, so the first of a sequence never counts.
 *
 * @param logits - `[B, N, V]`, row after row.
 * @param tokens - `[B, N]`, ids below V.
 * @param mask - `[B, N]`, 1 where the token counts.
 * @throws {UsageError} when the sizes do not fit or an id is not below V.
 */
export function tokenLoss(logits: Float32Array, shape: readonly [batch: number, length: number, vocabulary: number], tokens: ArrayLike<number>, mask: ArrayLike<number>): TokenLoss {
  const [batch, length, vocabulary] = shape;
  if (logits.length !== batch * length * vocabulary || tokens.length !== batch * length || mask.length !== batch * length) {
    throw new UsageError(`tokenLoss: ${logits.length} logits, ${tokens.length} tokens and ${mask.length} mask values arrived, expected ${batch * length * vocabulary}, ${batch * length} and ${batch * length} for shape [${shape.join(", ")}].`);
  }
  let sum = 0;
  let count = 0;
  for (let row = 0; row < batch; row++) {
    for (let position = 1; position < length; position++) {
      const at = row * length + position;
      if (mask[at] === 0) continue;
      const token = tokens[at]!;
      if (!(token >= 0 && token < vocabulary)) throw new UsageError(`tokenLoss: token ${token} stands at position ${position} of sequence ${row}, expected an id from 0 to ${vocabulary - 1}.`);
      sum -= logProbability(logits, (at - 1) * vocabulary, vocabulary, token);
      count++;
    }
  }
  return { negativeLogLikelihood: sum, tokens: count };
}

/**
 * Returns exp of the mean −ln p over all parts' tokens.
 *
 * @throws {UsageError} when there is no token to judge by.
 */
export function perplexityOf(parts: readonly TokenLoss[]): number {
  const tokens = parts.reduce((sum, part) => sum + part.tokens, 0);
  if (tokens === 0) throw new UsageError("perplexity: no token counts, expected at least one outside the prompt. Check the mask and the length of the context.");
  return Math.exp(parts.reduce((sum, part) => sum + part.negativeLogLikelihood, 0) / tokens);
}

function logProbability(logits: Float32Array, start: number, count: number, index: number): number {
  let top = -Infinity;
  for (let one = start; one < start + count; one++) top = Math.max(top, logits[one]!);
  let sum = 0;
  for (let one = start; one < start + count; one++) sum += Math.exp(logits[one]! - top);
  return logits[start + index]! - top - Math.log(sum);
}
