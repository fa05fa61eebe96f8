/**
 * @file What every tokenizer offers, whatever file it was read from.
 */

/** Which marks {@link Tokenizer.encode} puts around a text; both are off by default. */
export interface EncodeOptions {
  readonly begin?: boolean;
  readonly end?: boolean;
}

/** Cuts text into tokens and joins tokens to text. Ids are whole numbers from 0 to `vocabularySize − 1`. */
export interface Tokenizer {
  /** For cards and messages: `SmolLM2 (tokenizer.json)`. */
  readonly name: string;
  readonly vocabularySize: number;
  /** The mark before a text; undefined where the tokenizer has none. */
  readonly beginId: number | undefined;
  /** The mark after a text or an answer. */
  readonly endId: number | undefined;
  /** Fills the rest of a batch's row; undefined where the tokenizer has none. */
  readonly padId: number | undefined;
  /** sha256 of the file it was read from, in hexadecimal. */
  readonly sha256: string;
  /**
   * Returns the ids of `text`. Marks that stand in the text as plain characters are text, never marks.
   *
   * @throws {UsageError} when a mark is asked for that the tokenizer lacks.
   */
  encode(text: string, options?: EncodeOptions): number[];
  /**
   * Returns the text of `ids`; marks are left out, bytes that are no UTF-8 become U+FFFD.
   *
   * @throws {UsageError} when an id is not of the vocabulary.
   */
  decode(ids: readonly number[]): string;
}
