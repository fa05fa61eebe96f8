/**
 * @file Pretrains a small LLaMA-style decoder on tokens of real text, to be an anchor afterwards.
 */
import { elements, weightName } from "../anchors/module-shape.js";
import { decodeTokens } from "../anchors/decode.js";
import { llamaEmbed, llamaLayer, llamaLogits, llamaNorm } from "../anchors/llama.js";
import { llamaConfig, llamaHeadName, llamaModules, type LlamaConfig } from "../anchors/llama-shape.js";
import { toHost, treeView, type HostTensor, type ParameterView } from "../anchors/parameters.js";
import { throwProblems, wholeNumberProblem } from "../checks.js";
import { perplexityOf, type TokenLoss } from "../language/perplexity.js";
import { tokenStream } from "../language/token-stream.js";
import type { Tokenizer } from "../language/tokenizer.js";
import { createRng, type Rng } from "../rng.js";
import { tf, tokenCrossEntropy, type Tensor } from "../tensor/index.js";
import { valueAndGradients, type LossAndGradients } from "./gradients.js";
import type { Schedule } from "./schedule.js";
import { networkState, trainNetwork, variablesOf, type NetworkOptions } from "./train-network.js";

/** The mini-llama pair: 1.1 million parameters and 4.1 million, one vocabulary, other widths and depths (our choice). */
export const miniLlama: Readonly<Record<"small" | "large", LlamaConfig>> = {
  small: llamaConfig({ width: 128, depth: 4, heads: 4, hidden: 344, vocabulary: 2048, context: 128, tiedHead: true }),
  large: llamaConfig({ width: 192, depth: 8, heads: 6, hidden: 544, vocabulary: 2048, context: 128, tiedHead: true }),
};

/** The recipe of the mini-llama pair (our choice); the large one took 2,500 steps. */
export const defaultLanguagePretrain: LanguagePretrainSettings = { steps: 2000, batchSize: 8, length: 128, learningRate: 2e-3, weightDecay: 0.1 };

/** Settings of a pretraining run. */
export interface LanguagePretrainSettings {
  readonly steps: number;
  readonly batchSize: number;
  /** Tokens of a training window, at most the context. */
  readonly length: number;
  /** Peak learning rate; warm-up over 5 % of the steps, cosine to a tenth of it. */
  readonly learningRate: number;
  /** Decoupled decay of matrices. */
  readonly weightDecay: number;
}

export interface LanguagePretrainOptions extends Omit<NetworkOptions, "fingerprint"> {
  readonly seed: number;
}

export interface LanguagePretrainResult {
  /** Hugging Face names. */
  readonly parameters: Readonly<Record<string, HostTensor>>;
  /** Perplexity of the held-out tokens. */
  readonly heldOutPerplexity: number;
  /** Tokens trained on; those of a second pass count again. */
  readonly tokensSeen: number;
  readonly losses: readonly number[];
  readonly seconds: number;
  readonly stepsDone: number;
}

/**
 * Trains a decoder from random weights to predict the next token, all weights, AdamW with betas 0.9 and 0.95.
 *
 * With a checkpoint, an interrupted run goes on to the same weights as one that was not.
 *
 * @param text - training and held-out tokens, as `joinDocuments` gives them.
 * @throws {UsageError} when a setting is wrong, a token is not of the vocabulary, or the loss is not a number.
 */
export async function pretrainLanguage(config: LlamaConfig, text: { readonly train: Int32Array; readonly heldOut: Int32Array }, settings: LanguagePretrainSettings, options: LanguagePretrainOptions): Promise<LanguagePretrainResult> {
  checkSettings(config, settings);
  const { seed } = options;
  const started = performance.now();
  const { steps, batchSize, length } = settings;
  const stream = tokenStream(text.train, { batch: batchSize, length, seed });
  const run = { ...options, fingerprint: JSON.stringify([config, settings, seed, text.train.length]) };
  const trainable = variablesOf(randomDecoder(config, createRng(seed)));
  const state = networkState(trainable, run);
  const schedule: Schedule = { length: steps, warmup: Math.ceil(0.05 * steps), base: settings.learningRate, warmupStart: 1e-6, minimum: settings.learningRate / 10 };
  try {
    const gradients = (step: number): LossAndGradients => {
      const { inputs, targets } = stream.batch(step);
      return valueAndGradients(() => nextTokenLoss(config, treeView(trainable), inputs, targets, [batchSize, length]), trainable);
    };
    await trainNetwork("pretrainLanguage", trainable, state, gradients, { steps, schedule, weightDecay: settings.weightDecay, beta2: 0.95 }, run);
    return {
      parameters: toHost(trainable),
      heldOutPerplexity: textPerplexity(config, treeView(trainable), text.heldOut, length),
      tokensSeen: state.step * batchSize * length,
      losses: state.losses,
      seconds: (performance.now() - started) / 1000,
      stepsDone: state.step,
    };
  } finally {
    for (const variable of Object.values(trainable)) variable.dispose();
  }
}

/**
 * Returns the perplexity of a row of tokens, read in windows side by side, each without what stands before it; what does not fill a window is left out.
 *
 * @throws {UsageError} when the row is shorter than a window and its last target.
 */
export function textPerplexity(config: LlamaConfig, view: ParameterView, tokens: Int32Array, length: number): number {
  const parts: TokenLoss[] = [];
  for (let start = 0; start + length + 1 <= tokens.length; start += length) {
    const mean = tf.tidy(() => nextTokenLoss(config, view, tokens.slice(start, start + length), tokens.slice(start + 1, start + length + 1), [1, length]).dataSync()[0]!);
    parts.push({ negativeLogLikelihood: mean * length, tokens: length });
  }
  return perplexityOf(parts);
}

/** Continues each prompt with the likeliest tokens, at most `maximum` of them: samples for a model card. */
export function sampleTexts(config: LlamaConfig, view: ParameterView, tokenizer: Tokenizer, prompts: readonly string[], maximum: number): string[] {
  return prompts.map((prompt) => {
    const ids = tokenizer.encode(prompt, { begin: tokenizer.beginId !== undefined });
    const written = decodeTokens((tokens, memory) => llamaLogits(config, view, tokens, memory), ids, { maximum, context: config.context, endId: tokenizer.endId });
    return tokenizer.decode([...ids, ...written]);
  });
}

/**
 * Random weights: matrices and embedding normal with deviation 1/√in, those that write into the residual stream divided by √(2L) besides, gains 1.
 *
 * A stream is named after its tensor alone: decoders that start from one seed share random numbers.
 *
 * Source: GPT-2's scaling of residual layers; the rest our choice.
 */
export function randomDecoder(config: LlamaConfig, rng: Rng): Record<string, HostTensor> {
  const values: Record<string, HostTensor> = {};
  for (const module of llamaModules(config)) {
    const name = weightName(module);
    const data = new Float32Array(elements(module.weight));
    const isNorm = module.role === "norm" || module.role === "final-norm";
    const deviation = Math.sqrt(module.weight[0]! / data.length) / (/(?:o|down)_proj\.weight$/.test(name) ? Math.sqrt(2 * config.depth) : 1);
    const stream = rng.stream(`init/${name}`);
    values[name] = { shape: module.weight, data: isNorm ? data.fill(1) : data.map(() => deviation * stream.normal()) };
  }
  return values;
}

function checkSettings(config: LlamaConfig, { steps, batchSize, length }: LanguagePretrainSettings): void {
  throwProblems([
    ...wholeNumberProblem("pretrainLanguage", "steps", steps, 1, Infinity),
    ...wholeNumberProblem("pretrainLanguage", "batchSize", batchSize, 1, Infinity),
    ...wholeNumberProblem("pretrainLanguage", "length", length, 2, config.context, "the model's context"),
  ]);
}

/** Mean cross-entropy of the targets, `[B, N]` both, a scalar. */
function nextTokenLoss(config: LlamaConfig, view: ParameterView, inputs: Int32Array, targets: Int32Array, shape: [batch: number, length: number]): Tensor {
  return tf.tidy(() => {
    let x = llamaEmbed(view, tf.tensor(inputs, shape, "int32"));
    for (let layer = 0; layer < config.depth; layer++) x = llamaLayer(config, view, layer, x);
    const features = tf.reshape(llamaNorm(config, view, x), [targets.length, config.width]);
    return tokenCrossEntropy(features, view.get(`${llamaHeadName(config)}.weight`), targets, "features and weight");
  });
}
