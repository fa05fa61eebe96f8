/**
 * @file Questions and answers as token sequences, and batches of them.
 */
import { encodeExample, type EncodedExample, type Exchange, type PromptTemplate } from "../language/prompt-template.js";
import type { Tokenizer } from "../language/tokenizer.js";
import type { TokenBatch } from "../stitching/token-loss.js";

/** Examples as a decoder reads them. */
export interface PreparedText {
  readonly examples: readonly EncodedExample[];
  readonly count: number;
  /** Fills the ends of shorter rows; never counts and, coming last, is never read by a token that does. */
  readonly padId: number;
}

/** How text becomes tokens. */
export interface TextFormat {
  readonly tokenizer: Tokenizer;
  readonly template: PromptTemplate;
  /** Most tokens of a sequence. */
  readonly context: number;
}

/** What was encoded already, by the list of examples: runs one after another read the same ones. */
const encodedLists = new WeakMap<readonly Exchange[], { readonly key: string; readonly prepared: PreparedText }>();

/** Encodes examples. @param name - of the set, for messages. @throws {UsageError} when one is longer than the context. */
export function prepareText(examples: readonly Exchange[], { tokenizer, template, context }: TextFormat, name = "example"): PreparedText {
  const key = JSON.stringify([tokenizer.sha256, template, context]);
  const known = encodedLists.get(examples);
  if (known?.key === key) return known.prepared;
  const encoded = examples.map((example, index) => encodeExample(example, tokenizer, template, context, `${name} ${index}`));
  const prepared = { examples: encoded, count: encoded.length, padId: tokenizer.padId ?? tokenizer.endId ?? 0 };
  encodedLists.set(examples, { key, prepared });
  return prepared;
}

/** Lays the chosen examples out as rows of the longest one's length. */
export function tokenBatchOf({ examples, padId }: PreparedText, indices: readonly number[]): TokenBatch {
  const chosen = indices.map((index) => examples[index]!);
  const length = Math.max(...chosen.map(({ tokens }) => tokens.length));
  const tokens = new Int32Array(chosen.length * length).fill(padId);
  const mask = new Uint8Array(tokens.length);
  chosen.forEach((example, row) => {
    tokens.set(example.tokens, row * length);
    mask.set(example.responseMask, row * length);
  });
  return { sequences: chosen.length, length, tokens, mask };
}
