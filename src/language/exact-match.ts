/**
 * @file Exact match: whether an answer is the reference, up to case and to what separates words.
 */
import { textWords } from "./text-words.js";

/**
 * Returns whether both texts have the same words in the same order, as {@link textWords} cuts them. Where a text has none (signs only), the
 * trimmed texts themselves must be equal.
 *
 * Source: our choice; with it `exact_match` uses the same words as ROUGE-L.
 */
export function exactMatch(hypothesis: string, reference: string): boolean {
  const said = textWords(hypothesis).join(" ");
  const wanted = textWords(reference).join(" ");
  return said === "" && wanted === "" ? hypothesis.trim() === reference.trim() : said === wanted;
}
