/**
 * @file Answers to many prompts: those of equal length are written side by side, the likeliest token each.
 */
import { UsageError } from "../checks.js";
import { tf } from "../tensor/index.js";
import { lastLogits, type DecodingOptions, type NextLogits } from "./decode.js";
import { KeyValueMemory } from "./key-value-memory.js";

/**
 * Continues every prompt with the likeliest tokens; the same tokens as one after another, up to rounding.
 *
 * @param rows - most prompts that run together.
 * @returns the tokens after each prompt, in the order of the prompts.
 * @throws {UsageError} when a prompt is empty or fills the context.
 */
export function decodeTogether(next: NextLogits, prompts: readonly (readonly number[])[], { maximum, context, endId }: Pick<DecodingOptions, "maximum" | "context" | "endId">, rows = 32): number[][] {
  const byLength = new Map<number, number[]>();
  prompts.forEach(({ length }, index) => {
    if (length === 0 || length >= context) throw new UsageError(`decode: prompt ${index} has ${length} tokens, expected from 1 to ${context - 1} (the context is ${context}).`);
    byLength.set(length, [...(byLength.get(length) ?? []), index]);
  });
  const written: number[][] = prompts.map(() => []);
  for (const [length, indices] of byLength) {
    for (let start = 0; start < indices.length; start += rows) {
      const chosen = indices.slice(start, start + rows);
      const answers = decodeRows(next, chosen.map((index) => prompts[index]!), Math.min(maximum, context - length), endId);
      chosen.forEach((index, row) => (written[index] = answers[row]!));
    }
  }
  return written;
}

function decodeRows(next: NextLogits, prompts: readonly (readonly number[])[], maximum: number, endId: number | undefined): number[][] {
  const memory = new KeyValueMemory();
  const written: number[][] = prompts.map(() => []);
  const open = new Set(prompts.keys());
  try {
    let fresh = prompts;
    for (let step = 0; step < maximum && open.size > 0; step++) {
      const tokens = tf.tidy(() => tf.argMax(lastLogits(next, fresh, memory), 2).dataSync());
      for (const row of open) {
        if (tokens[row] === endId) open.delete(row);
        else written[row]!.push(tokens[row]!);
      }
      fresh = Array.from(tokens, (token) => [token]);
    }
    return written;
  } finally {
    memory.dispose();
  }
}
