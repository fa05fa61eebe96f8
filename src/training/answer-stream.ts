/**
 * @file An answer as it is written, piece by piece.
 */
import { decodeTokens } from "../anchors/decode.js";
import type { LlamaConfig } from "../anchors/llama-shape.js";
import { encodePrompt, type Exchange } from "../language/prompt-template.js";
import type { RandomStream } from "../rng.js";
import { modelLogits, type TunedModel } from "../tuning/tuned-model.js";
import type { TextFormat } from "./text-batches.js";

export interface AnswerOptions {
  /** Most tokens to write. */
  readonly maximum: number;
  /** As in `decodeTokens`: 0 (the default) takes the likeliest token. */
  readonly temperature?: number;
  readonly random?: Pick<RandomStream, "uniform">;
}

/** What a token added: some text, or none where a letter is not complete yet. */
export interface AnswerPiece {
  readonly token: number;
  readonly text: string;
}

/**
 * Answers a question with one stitch, token by token. The pieces' texts, one after another, are the decoded answer.
 *
 * @param model - its low-rank updates may be folded in or not.
 * @throws {UsageError} when the question fills the context.
 */
export function* answerPieces(model: TunedModel<LlamaConfig>, stitchId: number, question: Pick<Exchange, "instruction" | "input">, { tokenizer, template, context }: TextFormat, options: AnswerOptions): Generator<AnswerPiece, void, void> {
  const prompt = encodePrompt(question, tokenizer, template);
  const ids: number[] = [];
  let told = "";
  for (const token of decodeTokens((tokens, memory) => modelLogits(model, stitchId, tokens, memory), prompt, { ...options, context, endId: tokenizer.endId })) {
    ids.push(token);
    const whole = completeText(tokenizer.decode(ids));
    yield { token, text: whole.startsWith(told) ? whole.slice(told.length) : "" };
    if (whole.startsWith(told)) told = whole;
  }
  const rest = tokenizer.decode(ids).slice(told.length);
  if (rest !== "") yield { token: ids.at(-1)!, text: rest };
}

/** The text without replacement characters at its end: bytes of a letter that later tokens may complete. */
function completeText(text: string): string {
  return text.replace(/\uFFFD+$/, "");
}

/** Milliseconds of a token after the first, the quickest of some; whatever they say. */
export function tokenMilliseconds(model: TunedModel<LlamaConfig>, stitchId: number, tokens = 8): number {
  const { context } = model.family.configs[0]!;
  let [quickest, before] = [Infinity, 0];
  for (const _ of decodeTokens((ids, memory) => modelLogits(model, stitchId, ids, memory), [0], { maximum: tokens, context })) {
    const now = performance.now();
    if (before > 0) quickest = Math.min(quickest, now - before);
    before = now;
  }
  return quickest;
}
