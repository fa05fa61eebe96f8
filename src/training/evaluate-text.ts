/**
 * @file How well every stitch of decoders answers: perplexity of the reference responses, and the answers themselves.
 *
 * Low-rank updates are not folded in: that would take a copy of every weight below one, in 32 bits.
 */
import { decodeTogether } from "../anchors/decode-together.js";
import { keyValueWidth, type LlamaConfig } from "../anchors/llama-shape.js";
import { exactMatch } from "../language/exact-match.js";
import { perplexityOf, type TokenLoss } from "../language/perplexity.js";
import { encodePrompt, type Exchange } from "../language/prompt-template.js";
import { rougeL } from "../language/rouge-l.js";
import type { StitchFamily } from "../stitching/family.js";
import { stitchTokenLoss } from "../stitching/token-loss.js";
import { tf } from "../tensor/index.js";
import { modelLogits, stitchView, type TunedModel } from "../tuning/tuned-model.js";
import { prepareText, tokenBatchOf, type PreparedText, type TextFormat } from "./text-batches.js";
import { adaptedStitches, type Progress } from "./train.js";

export interface EvaluateTextOptions {
  /** Stitches to run; all adapted ones by default. */
  readonly stitchIds?: readonly number[];
  /** Most tokens of an answer; 0 writes none. */
  readonly maximum: number;
  readonly onProgress?: (progress: Progress) => void;
  /** Stops between stitches by throwing the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What one stitch made of the examples. */
export interface TextQuality {
  /** Of the reference responses' tokens, all pooled. */
  readonly perplexity: number;
  /** Its own answers, the likeliest token each, in the order of the examples; none where none was asked for. */
  readonly answers: readonly string[];
}

/** Most sequences that run together. */
const MOST_ROWS = 32;

/** Bytes that sequences which run together may take; one alone may take more. */
const ROWS_BYTES = 512e6;

/** Bytes of a token while a stitch reads it: keys and values of every layer on the largest route, and what a layer works on. */
function bytesPerToken({ configs, routes }: Pick<StitchFamily<LlamaConfig>, "configs" | "routes">): number {
  const kept = routes.map((route) => route.reduce((sum, step) => sum + (step.kind === "block" ? 2 * keyValueWidth(configs[step.anchor]!) : 0), 0));
  return 4 * (Math.max(...kept) + Math.max(...configs.map(({ width, hidden }) => 8 * width + 3 * hidden)));
}

/** Sequences of so many tokens that run together, and their bytes. */
export function rowsTogether(family: Pick<StitchFamily<LlamaConfig>, "configs" | "routes">, tokens: number): { readonly rows: number; readonly bytes: number } {
  const each = tokens * bytesPerToken(family);
  const rows = Math.max(1, Math.min(MOST_ROWS, Math.floor(ROWS_BYTES / each)));
  return { rows, bytes: rows * each };
}

/** Evaluates every stitch on every example. */
export async function evaluateText(model: TunedModel<LlamaConfig>, examples: readonly Exchange[], format: TextFormat, options: EvaluateTextOptions): Promise<Map<number, TextQuality>> {
  const stitchIds = options.stitchIds ?? adaptedStitches(model);
  const prepared = prepareText(examples, format);
  const found = new Map<number, TextQuality>();
  for (const [place, stitchId] of stitchIds.entries()) {
    options.signal?.throwIfAborted();
    found.set(stitchId, { perplexity: responsePerplexity(model, stitchId, prepared), answers: options.maximum === 0 ? [] : answersOf(model, stitchId, examples, format, options.maximum) });
    options.onProgress?.({ done: place + 1, total: stitchIds.length, label: `stitch ${stitchId}` });
    await new Promise((resolve) => setImmediate(resolve));
  }
  return found;
}

/** Examples of like length run together, so that little is padding. */
function responsePerplexity(model: TunedModel<LlamaConfig>, stitchId: number, prepared: PreparedText): number {
  const order = Array.from(prepared.examples.keys()).sort((a, b) => prepared.examples[a]!.tokens.length - prepared.examples[b]!.tokens.length);
  const parts: TokenLoss[] = [];
  for (let start = 0, rows = 1; start < order.length; start += rows) {
    rows = rowsTogether(model.family, prepared.examples[order[Math.min(start + MOST_ROWS, order.length) - 1]!]!.tokens.length).rows;
    const batch = tokenBatchOf(prepared, order.slice(start, start + rows));
    const tokens = Array.from(batch.mask).reduce((sum, one) => sum + one, 0);
    const mean = tf.tidy(() => stitchTokenLoss(model.family.configs, model.family.routes[stitchId]!, stitchView(model, stitchId), batch).dataSync()[0]!);
    parts.push({ negativeLogLikelihood: mean * tokens, tokens });
  }
  return perplexityOf(parts);
}

/** The stitch's answers, the likeliest token each. */
export function answersOf(model: TunedModel<LlamaConfig>, stitchId: number, questions: readonly Pick<Exchange, "instruction" | "input">[], { tokenizer, template, context }: TextFormat, maximum: number): string[] {
  const prompts = questions.map((question) => encodePrompt(question, tokenizer, template));
  const longest = Math.max(...prompts.map(({ length }) => length)) + maximum;
  const { rows } = rowsTogether(model.family, Math.min(longest, context));
  const written = decodeTogether((tokens, memory) => modelLogits(model, stitchId, tokens, memory), prompts, { maximum, context, endId: tokenizer.endId }, rows);
  return written.map((ids) => tokenizer.decode(ids));
}

/** How near answers come to the references, means in 0–1. */
export interface AnswerScores {
  readonly exactMatch: number;
  /** F1 of ROUGE-L. */
  readonly rougeL: number;
}

/** Scores answers against references of the same order. */
export function scoreAnswers(answers: readonly string[], references: readonly string[]): AnswerScores {
  const mean = (value: (answer: string, reference: string) => number): number => answers.reduce((sum, answer, index) => sum + value(answer, references[index]!), 0) / answers.length;
  return { exactMatch: mean((answer, reference) => (exactMatch(answer, reference) ? 1 : 0)), rougeL: mean((answer, reference) => rougeL(answer, reference).f1) };
}
