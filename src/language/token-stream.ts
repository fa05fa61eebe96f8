/**
 * @file Documents as one long row of tokens, and batches of windows out of it.
 */
import { throwProblems, UsageError, wholeNumberProblem } from "../checks.js";
import { createRng } from "../rng.js";
import type { Tokenizer } from "./tokenizer.js";

/**
 * Writes documents one after another: begin mark (where the tokenizer has one), tokens, end mark.
 *
 * @throws {UsageError} when the tokenizer has neither mark, or there is no document.
 */
export function joinDocuments(documents: Iterable<string>, tokenizer: Tokenizer): Int32Array {
  const begin = tokenizer.beginId !== undefined;
  const end = tokenizer.endId !== undefined;
  if (!begin && !end) throw new UsageError(`joinDocuments: the tokenizer ${tokenizer.name} marks neither begin nor end, expected one mark between documents. Use another tokenizer.`);
  let tokens = new Int32Array(1 << 16);
  let count = 0;
  for (const document of documents) {
    const ids = tokenizer.encode(document, { begin, end });
    if (count + ids.length > tokens.length) {
      const larger = new Int32Array(Math.max(2 * tokens.length, count + ids.length));
      larger.set(tokens);
      tokens = larger;
    }
    tokens.set(ids, count);
    count += ids.length;
  }
  if (count === 0) throw new UsageError("joinDocuments: no document arrived, expected at least one.");
  return tokens.slice(0, count);
}

/** Batches for next-token training: each window's target is the window moved on by one. */
export interface TokenStream {
  readonly tokens: Int32Array;
  /** Windows in one pass over the tokens. */
  readonly windows: number;
  /** Returns the inputs and the targets of a step, `[batch, length]` each, row after row. The same step gives the same batch. */
  batch(step: number): { readonly inputs: Int32Array; readonly targets: Int32Array };
}

/** Size of batches and the seed of their order. */
export interface StreamOptions {
  readonly batch: number;
  /** Tokens of a window. */
  readonly length: number;
  readonly seed: number;
}

/**
 * Cuts the row into windows that do not overlap and hands them out in an order that the seed gives, a new one in each pass, in which all windows also
 * begin at another place. Step n can be asked for at any time, so that an interrupted run goes on with the batches it would have had.
 *
 * @throws {UsageError} when a size is no whole number or the row is shorter than one window and its last target.
 */
export function tokenStream(tokens: Int32Array, options: StreamOptions): TokenStream {
  const { batch, length, seed } = options;
  throwProblems([...wholeNumberProblem("tokenStream", "batch", batch, 1, Infinity), ...wholeNumberProblem("tokenStream", "length", length, 1, Infinity)]);
  if (tokens.length < 2 * length) {
    throw new UsageError(`tokenStream: ${tokens.length} tokens arrived, expected at least ${2 * length} for windows of ${length}. Take more text or a shorter window.`);
  }
  const windows = Math.floor((tokens.length - length) / length);
  const rng = createRng(seed);
  let known: { pass: number; starts: Int32Array } | undefined;
  const startsOf = (pass: number): Int32Array => {
    if (known?.pass !== pass) {
      const stream = rng.stream(`text/pass-${pass}`);
      const shift = stream.integer(length);
      known = { pass, starts: Int32Array.from(stream.shuffle(Array.from({ length: windows }, (_, window) => shift + window * length))) };
    }
    return known.starts;
  };
  return {
    tokens,
    windows,
    batch(step) {
      const inputs = new Int32Array(batch * length);
      const targets = new Int32Array(batch * length);
      for (let row = 0; row < batch; row++) {
        const drawn = step * batch + row;
        const start = startsOf(Math.floor(drawn / windows))[drawn % windows]!;
        inputs.set(tokens.subarray(start, start + length), row * length);
        targets.set(tokens.subarray(start + 1, start + length + 1), row * length);
      }
      return { inputs, targets };
    },
  };
}
