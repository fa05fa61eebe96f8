/**
 * @file How the text metrics cut a text into words: lower case, everything but a–z and 0–9 separates, no stemming (the rule of the rouge_score package).
 */

/** Returns the words of `text`: runs of a–z and 0–9 after lowering the case. */
export function textWords(text: string): string[] {
  return text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
}
