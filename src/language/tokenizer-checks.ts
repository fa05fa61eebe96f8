/**
 * @file Checks that all tokenizers share.
 */
import { UsageError } from "../checks.js";
import type { EncodeOptions, Tokenizer } from "./tokenizer.js";

/** Puts the marks that are asked for around `ids`. @throws {UsageError} when the tokenizer lacks one. */
export function withMarks(tokenizer: Pick<Tokenizer, "name" | "beginId" | "endId">, ids: number[], options: EncodeOptions = {}): number[] {
  if (options.begin === true) ids.unshift(markOf(tokenizer, "begin", tokenizer.beginId));
  if (options.end === true) ids.push(markOf(tokenizer, "end", tokenizer.endId));
  return ids;
}

function markOf(tokenizer: Pick<Tokenizer, "name">, which: string, id: number | undefined): number {
  if (id === undefined) throw new UsageError(`tokenizer ${tokenizer.name}: a mark for the ${which} of a text was asked for, expected one that the tokenizer has. Encode without it.`);
  return id;
}

/** @throws {UsageError} at the first id that is not of the vocabulary. */
export function checkIds(tokenizer: Pick<Tokenizer, "name" | "vocabularySize">, ids: readonly number[]): void {
  for (const id of ids) {
    if (Number.isInteger(id) && id >= 0 && id < tokenizer.vocabularySize) continue;
    throw new UsageError(`tokenizer ${tokenizer.name}: id ${id} arrived, expected a whole number from 0 to ${tokenizer.vocabularySize - 1}. Does the tokenizer belong to the model?`);
  }
}

/**
 * Makes sure that a tokenizer fits a model's vocabulary. A model may have more rows than the tokenizer has ids (padding), never fewer.
 *
 * @throws {UsageError} when it does not.
 */
export function checkTokenizerFits(tokenizer: Pick<Tokenizer, "name" | "vocabularySize">, model: string, vocabularySize: number): void {
  if (tokenizer.vocabularySize <= vocabularySize) return;
  throw new UsageError(`tokenizer ${tokenizer.name}: it has ${tokenizer.vocabularySize} ids, expected at most the ${vocabularySize} that ${model} knows. Use the tokenizer that came with the weights.`);
}
