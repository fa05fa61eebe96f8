/**
 * @file Pretrains language anchors that share a tokenizer and writes each as a folder that Hugging Face's tools open, with a model card.
 */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { loadLlama } from "../anchors/load-llama.js";
import { llamaAnchorParameters, type LlamaConfig } from "../anchors/llama-shape.js";
import { disposeTree, toTree, treeView } from "../anchors/parameters.js";
import { writeSafetensors } from "../anchors/safetensors.js";
import { filesSha256 } from "../anchors/stored-weights.js";
import { throwProblems, UsageError } from "../checks.js";
import { learnMerges } from "../language/byte-pair-trainer.js";
import { readJsonTokenizer } from "../language/json-tokenizer.js";
import { writeOwnTokenizer } from "../language/own-tokenizer.js";
import { joinDocuments } from "../language/token-stream.js";
import type { Tokenizer } from "../language/tokenizer.js";
import { writeWhole } from "../write-whole.js";
import { pretrainLanguage, sampleTexts, textPerplexity, type LanguagePretrainSettings } from "./pretrain-language.js";
import type { Progress } from "./train.js";

/** Documents to learn from and documents to be judged by. */
export interface PretrainTexts {
  readonly train: readonly string[];
  readonly heldOut: readonly string[];
  /** For the card: where the text comes from. */
  readonly about: string;
}

export interface LanguagePairOptions {
  /** One folder is made in it per anchor. */
  readonly out: string;
  readonly seed: number;
  /** Command line that repeats the run, for the card. */
  readonly command: string;
  /** Beginnings that the card's samples continue. */
  readonly prompts: readonly string[];
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}

/** What a card says of one anchor. */
export interface LanguageAnchorRecord {
  readonly anchorId: string;
  readonly parameters: number;
  readonly steps: number;
  readonly tokensSeen: number;
  /** Of the weights as they are stored, in float16. */
  readonly heldOutPerplexity: number;
  readonly minutes: number;
  readonly samples: readonly string[];
}

/**
 * Learns one tokenizer from the training documents, trains every anchor on them and writes `<out>/<anchorId>/` with config.json, model.safetensors (float16),
 * tokenizer.json, tokenizer_config.json and README.md, the model card. An interrupted run goes on from `<out>/.<anchorId>.checkpoint.safetensors`.
 *
 * @returns the records of the anchors that were finished.
 * @throws {UsageError} when the anchors' vocabularies differ or a setting is wrong.
 */
export async function pretrainLanguagePair(anchors: Readonly<Record<string, LlamaConfig>>, texts: PretrainTexts, settings: LanguagePretrainSettings, options: LanguagePairOptions): Promise<LanguageAnchorRecord[]> {
  const vocabulary = sharedVocabulary(anchors);
  mkdirSync(options.out, { recursive: true });
  const merges = learnMerges(texts.train, vocabulary);
  const records: LanguageAnchorRecord[] = [];
  let tokens: { train: Int32Array; heldOut: Int32Array } | undefined;
  for (const [anchorId, config] of Object.entries(anchors)) {
    const folder = join(options.out, anchorId);
    mkdirSync(folder, { recursive: true });
    const tokenizer = readJsonTokenizer(writeOwnTokenizer(folder, merges));
    tokens ??= { train: joinDocuments(texts.train, tokenizer), heldOut: joinDocuments(texts.heldOut, tokenizer) };
    const checkpoint = join(options.out, `.${anchorId}.checkpoint.safetensors`);
    const { seed, signal, onProgress } = options;
    const result = await pretrainLanguage(config, tokens, settings, {
      seed,
      checkpoint,
      ...(signal === undefined ? {} : { signal }),
      ...(onProgress === undefined ? {} : { onProgress: (progress) => onProgress({ ...progress, label: `${anchorId}, ${progress.label}` }) }),
    });
    if (result.stepsDone < settings.steps) return records;
    writeWhole("pretrain", join(folder, "config.json"), [Buffer.from(`${JSON.stringify(huggingFaceConfig(config, tokenizer), null, 2)}\n`)]);
    writeSafetensors(join(folder, "model.safetensors"), result.parameters, { dtype: "F16", metadata: { format: "pt" } });
    const stored = judgeStored(folder, tokens.heldOut, settings.length, tokenizer, options.prompts);
    const record = { anchorId, parameters: llamaAnchorParameters(config), steps: settings.steps, tokensSeen: result.tokensSeen, minutes: result.seconds / 60, ...stored };
    records.push(record);
    writeWhole("pretrain", join(folder, "README.md"), [Buffer.from(modelCard(record, config, texts, tokens, settings, tokenizer, folder, options.command))]);
    rmSync(checkpoint, { force: true });
  }
  return records;
}

function sharedVocabulary(anchors: Readonly<Record<string, LlamaConfig>>): number {
  const sizes = Object.entries(anchors).map(([anchorId, { vocabulary }]) => [anchorId, vocabulary] as const);
  const first = sizes[0]?.[1];
  if (first === undefined) throw new UsageError("pretrainLanguagePair: no anchor arrived, expected at least one.");
  throwProblems(sizes.filter(([, vocabulary]) => vocabulary !== first).map(([anchorId, vocabulary]) => `pretrainLanguagePair: vocabulary of ${anchorId} is ${vocabulary}, expected ${first} as that of ${sizes[0]![0]}: the anchors share a tokenizer.`));
  return first;
}

/** What others will load is what is judged. */
function judgeStored(folder: string, heldOut: Int32Array, length: number, tokenizer: Tokenizer, prompts: readonly string[]): Pick<LanguageAnchorRecord, "heldOutPerplexity" | "samples"> {
  const { config, parameters } = loadLlama(folder);
  const tree = toTree(parameters);
  try {
    return { heldOutPerplexity: textPerplexity(config, treeView(tree), heldOut, length), samples: sampleTexts(config, treeView(tree), tokenizer, prompts, 40) };
  } finally {
    disposeTree(tree);
  }
}

function huggingFaceConfig(config: LlamaConfig, tokenizer: Tokenizer): Record<string, unknown> {
  return {
    architectures: ["LlamaForCausalLM"], model_type: "llama", hidden_act: "silu", attention_bias: false, mlp_bias: false, torch_dtype: "float16",
    hidden_size: config.width, num_hidden_layers: config.depth, num_attention_heads: config.heads, num_key_value_heads: config.keyValueHeads, intermediate_size: config.hidden,
    vocab_size: config.vocabulary, max_position_embeddings: config.context, tie_word_embeddings: config.tiedHead, rope_theta: config.ropeTheta, rms_norm_eps: config.rmsNormEpsilon,
    bos_token_id: tokenizer.beginId ?? null, eos_token_id: tokenizer.endId ?? null, pad_token_id: tokenizer.padId ?? null,
  };
}

function modelCard(record: LanguageAnchorRecord, config: LlamaConfig, texts: PretrainTexts, tokens: { train: Int32Array; heldOut: Int32Array }, settings: LanguagePretrainSettings, tokenizer: Tokenizer, folder: string, command: string): string {
  const weights = filesSha256([join(folder, "model.safetensors")]);
  return [
    `# ${record.anchorId}`,
    "",
    `A LLaMA-style decoder of ${record.parameters} parameters (width ${config.width}, ${config.depth} layers, ${config.heads} heads, hidden ${config.hidden}, context ${config.context}), float16.`,
    "",
    `Made by \`${command}\` in ${record.minutes.toFixed(1)} minutes.`,
    "",
    "| what | value |",
    "| --- | --- |",
    `| text | ${texts.about} |`,
    `| training | ${texts.train.length} documents, ${tokens.train.length} tokens |`,
    `| held out | ${texts.heldOut.length} documents, ${tokens.heldOut.length} tokens |`,
    `| tokens seen | ${record.tokensSeen} (${(record.tokensSeen / tokens.train.length).toFixed(2)} passes) |`,
    `| steps, batch, window | ${settings.steps}, ${settings.batchSize}, ${settings.length} |`,
    `| learning rate, weight decay | ${settings.learningRate}, ${settings.weightDecay} |`,
    `| held-out perplexity per token | ${record.heldOutPerplexity.toFixed(2)} |`,
    `| tokenizer sha256 | ${tokenizer.sha256} |`,
    `| weights sha256 | ${weights} |`,
    "",
    "## Samples",
    "",
    "The likeliest continuation, at most 40 tokens.",
    "",
    ...record.samples.map((sample) => `- ${sample.replaceAll(/\s+/g, " ")}`),
    "",
  ].join("\n");
}
