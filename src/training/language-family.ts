/**
 * @file Decoders that are stitched together, with the tokenizer that all of them read by.
 */
import type { LlamaConfig } from "../anchors/llama-shape.js";
import { checkLlamaFolder, loadLlama, type WeightStorage } from "../anchors/load-llama.js";
import type { HostTensor } from "../anchors/parameters.js";
import { filesSha256 } from "../anchors/stored-weights.js";
import { throwProblems, UsageError } from "../checks.js";
import type { PromptTemplate } from "../language/prompt-template.js";
import { readTokenizer } from "../language/read-tokenizer.js";
import type { Tokenizer } from "../language/tokenizer.js";
import { stitchFamily, type StitchFamily } from "../stitching/family.js";
import type { RouteOptions } from "../stitching/route.js";
import type { PositionOptions } from "../stitching/stitch-space.js";

/** A decoder as a folder of Hugging Face's layout. */
export interface LanguageAnchorFolder {
  readonly anchorId: string;
  /** Short name for figures. */
  readonly label: string;
  readonly folder: string;
}

/** Weights of one decoder, Hugging Face's names. */
export interface LanguageAnchor {
  readonly anchorId: string;
  readonly config: LlamaConfig;
  readonly parameters: Readonly<Record<string, HostTensor>>;
  /** Over the weight files, in the order of their names. */
  readonly sha256: string;
}

/** Decoders with their values, smallest first, and how text is put to them. */
export interface LanguageFamily {
  readonly familyId: string;
  readonly anchors: readonly LanguageAnchor[];
  readonly labels: readonly string[];
  readonly tokenizer: Tokenizer;
  readonly template: PromptTemplate;
}

/**
 * Reads a family; every decoder must come with the same tokenizer.
 *
 * @param storage - *as stored* for pairs whose float32 copy would be too large.
 * @throws {UsageError} when a folder lacks a file, a tokenizer does not belong to its weights, or the tokenizers differ.
 */
export function loadLanguageFamily(familyId: string, folders: readonly LanguageAnchorFolder[], template: PromptTemplate, storage: WeightStorage = "float32"): LanguageFamily {
  const tokenizers = folders.map(({ folder }) => readTokenizer(folder));
  const [tokenizer] = tokenizers;
  if (tokenizer === undefined) throw new UsageError(`loadLanguageFamily ${familyId}: no folder arrived, expected one a decoder.`);
  const configs = folders.map(({ folder }) => checkLlamaFolder(folder).config);
  throwProblems(folders.flatMap(({ folder }, index) => [
    ...(tokenizers[index]!.sha256 === tokenizer.sha256 ? [] : [`loadLanguageFamily ${familyId}: the tokenizer of ${folder} is another than that of ${folders[0]!.folder}, expected the same: stitched decoders read the same tokens.`]),
    ...(tokenizers[index]!.vocabularySize <= configs[index]!.vocabulary ? [] : [`loadLanguageFamily ${familyId}: the tokenizer of ${folder} has ${tokenizers[index]!.vocabularySize} tokens, expected at most ${configs[index]!.vocabulary}, the vocabulary of the weights: it does not belong to them.`]),
  ]));
  const anchors = folders.map(({ anchorId, folder }) => ({ anchorId, ...loadLlama(folder, storage), sha256: weightsSha256(folder) }));
  return { familyId, anchors, labels: folders.map(({ label }) => label), tokenizer, template };
}

/** sha256 over a folder's weight files, in the order of their names. */
export function weightsSha256(folder: string): string {
  return filesSha256([...new Set(checkLlamaFolder(folder).files.values())].sort());
}

/** The family's structure; a pair of unlike depths is stitched by the nearest map, one of unlike contexts reads as much as the shorter one allows. */
export function languageStructure(family: { readonly anchors: readonly Pick<LanguageAnchor, "config">[] }, options: PositionOptions & RouteOptions = {}): StitchFamily<LlamaConfig> {
  const context = familyContext(family);
  return stitchFamily(family.anchors.map(({ config }) => ({ ...config, context })), options);
}

/** Most tokens of a sequence that every anchor reads. */
export function familyContext({ anchors }: { readonly anchors: readonly Pick<LanguageAnchor, "config">[] }): number {
  return Math.min(...anchors.map(({ config }) => config.context));
}
