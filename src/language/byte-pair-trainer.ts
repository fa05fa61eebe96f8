/**
 * @file Learns a byte-level byte-pair vocabulary from text: the pair of neighbours that occurs most often becomes a token, again and again.
 */
import { throwProblems, wholeNumberProblem } from "../checks.js";

/**
 * How a text is cut into words before pairs are counted; no token reaches across a cut. Letters with the space before them, single digits (so that
 * numbers are read digit by digit), signs, and white space of which the last stays with the next word.
 *
 * Source: GPT-2's pattern with single digits, our choice.
 */
export const wordPattern = "'(?:[sdmt]|ll|ve|re)| ?\\p{L}+| ?\\p{N}| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/** The marks of the kit's own tokenizer; their ids are 0, 1 and 2. */
export const ownMarks: readonly string[] = ["<|pad|>", "<|begin|>", "<|end|>"];

/** Id of byte 0 in the kit's own vocabulary; byte b has id `firstByteId + b`, merge n has id `firstByteId + 256 + n`. */
export const firstByteId = ownMarks.length;

/** A pair of ids that become one. */
export type Merge = readonly [left: number, right: number];

/**
 * Learns the merges of a vocabulary of `vocabularySize` ids: marks, 256 bytes and merges, the most frequent pair first; of equally frequent ones the one
 * with the smaller left id, then the smaller right. The result depends on the texts' words and their counts only, not on their order.
 *
 * @returns fewer merges than asked for when no pair is left that occurs twice.
 * @throws {UsageError} when the size leaves no room for the bytes or exceeds 65536.
 *
 * Source: Sennrich et al., 2016, on bytes as in GPT-2.
 */
export function learnMerges(texts: Iterable<string>, vocabularySize: number): Merge[] {
  throwProblems(wholeNumberProblem("learnMerges", "vocabularySize", vocabularySize, firstByteId + 256, 65536, "marks and 256 bytes at least"));
  const words = countWords(texts);
  const pairs = new PairCounts(words);
  const merges: Merge[] = [];
  while (firstByteId + 256 + merges.length < vocabularySize) {
    const best = pairs.best();
    if (best === undefined) break;
    pairs.merge(best, firstByteId + 256 + merges.length);
    merges.push(best);
  }
  return merges;
}

interface Word {
  ids: number[];
  readonly count: number;
}

function countWords(texts: Iterable<string>): Word[] {
  const pattern = new RegExp(wordPattern, "gu");
  const counts = new Map<string, number>();
  for (const text of texts) for (const word of text.match(pattern) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].map(([word, count]) => ({ ids: [...Buffer.from(word, "utf8")].map((byte) => firstByteId + byte), count }));
}

/** How often each pair of neighbours occurs, and in which words. */
class PairCounts {
  readonly #counts = new Map<number, number>();
  readonly #places = new Map<number, Set<Word>>();

  constructor(words: readonly Word[]) {
    for (const word of words) this.#add(word, 1);
  }

  /** The most frequent pair that occurs at least twice. */
  best(): Merge | undefined {
    let found = -1;
    let most = 1;
    for (const [pair, count] of this.#counts) {
      if (count > most || (count === most && found >= 0 && pair < found)) {
        found = pair;
        most = count;
      }
    }
    return found < 0 ? undefined : [Math.floor(found / 65536), found % 65536];
  }

  /** Writes `id` wherever the pair stands. */
  merge([left, right]: Merge, id: number): void {
    for (const word of [...(this.#places.get(left * 65536 + right) ?? [])]) {
      this.#add(word, -1);
      const { ids } = word;
      const joined: number[] = [];
      for (let at = 0; at < ids.length; at++) {
        if (ids[at] === left && ids[at + 1] === right) {
          joined.push(id);
          at++;
        } else joined.push(ids[at]!);
      }
      word.ids = joined;
      this.#add(word, 1);
    }
  }

  #add(word: Word, sign: 1 | -1): void {
    for (let at = 0; at + 1 < word.ids.length; at++) {
      const pair = word.ids[at]! * 65536 + word.ids[at + 1]!;
      const count = (this.#counts.get(pair) ?? 0) + sign * word.count;
      if (count === 0) this.#counts.delete(pair);
      else this.#counts.set(pair, count);
      const places = this.#places.get(pair);
      if (sign < 0) places?.delete(word);
      else if (places === undefined) this.#places.set(pair, new Set([word]));
      else places.add(word);
    }
  }
}
