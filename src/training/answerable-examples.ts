/**
 * @file Instructions from a file, those that fit the context, split into examples to learn from and examples to judge by.
 */
import { UsageError } from "../checks.js";
import { readAlpaca } from "../datasets/text-alpaca.js";
import { encodeExample, type Exchange } from "../language/prompt-template.js";
import { createRng } from "../rng.js";
import type { TextFormat } from "./text-batches.js";

export interface AnswerableExamples {
  readonly train: readonly Exchange[];
  readonly heldOut: readonly Exchange[];
  /** Examples that were left out, longer than the context. */
  readonly tooLong: number;
}

/**
 * Reads a file of instructions.
 *
 * @param heldOut - examples kept from training, drawn by the seed.
 * @throws {UsageError} as `readAlpaca`; when too few examples fit, saying how long the shortest is.
 */
export async function loadAnswerable(path: string, { tokenizer, template, context }: TextFormat, heldOut: number, seed: number): Promise<AnswerableExamples> {
  const examples: Exchange[] = [];
  let [tooLong, shortest] = [0, Infinity];
  for await (const { instruction, input, output } of readAlpaca(path)) {
    const { length } = encodeExample({ instruction, input, output }, tokenizer, template, Infinity).tokens;
    shortest = Math.min(shortest, length);
    if (length > context) tooLong++;
    else examples.push({ instruction, input, output });
  }
  if (examples.length <= heldOut) {
    const reason = tooLong === 0 ? "" : ` (${tooLong} are longer than ${context} tokens, the shortest has ${shortest})`;
    throw new UsageError(`adapt ${path}: ${examples.length} examples fit${reason}, expected more than the ${heldOut} held out. Give more or shorter examples, allow longer sequences, or hold fewer out.`);
  }
  const order = createRng(seed).stream("held-out").shuffle(Array.from(examples.keys()));
  const kept = new Set(order.slice(0, heldOut));
  return { train: examples.filter((_, index) => !kept.has(index)), heldOut: examples.filter((_, index) => kept.has(index)), tooLong };
}
