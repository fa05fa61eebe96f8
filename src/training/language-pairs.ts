/**
 * @file The pairs of decoders that the kit knows by name, and any other pair by its folders.
 */
import { llama13b, llama7b, llamaConfig, type LlamaConfig } from "../anchors/llama-shape.js";
import { checkLlamaFolder } from "../anchors/load-llama.js";
import { throwProblems, UsageError } from "../checks.js";
import type { PromptTemplate } from "../language/prompt-template.js";
import { loadLanguageFamily, type LanguageFamily } from "./language-family.js";
import { miniLlama } from "./pretrain-language.js";

/** One decoder of a pair: published sizes. */
export interface PairAnchor {
  readonly anchorId: string;
  /** Short name for figures. */
  readonly label: string;
  readonly config: LlamaConfig;
}

/** Two decoders that stitch together, the smaller first. */
export interface LanguagePair {
  readonly familyId: string;
  readonly anchors: readonly [PairAnchor, PairAnchor];
  readonly template: PromptTemplate;
  readonly about: string;
  /** How a user gets the weights. */
  readonly obtain: string;
}

/** Folders of the smaller and of the larger decoder. */
export interface PairFolders {
  readonly small: string;
  readonly large: string;
}

const copied = "give folders of Hugging Face's layout by --weights-small and --weights-large";
const smol = { heads: 9, keyValueHeads: 3, vocabulary: 49152, context: 8192, tiedHead: true, ropeTheta: 100000 };

/** Every pair by name. */
export const languagePairs: readonly LanguagePair[] = [
  {
    familyId: "mini-llama", template: "short", about: "the kit's own pair, pretrained on English text of packages", obtain: "esta pretrain --family mini-llama",
    anchors: [{ anchorId: "mini-llama-s", label: "S", config: miniLlama.small }, { anchorId: "mini-llama-l", label: "L", config: miniLlama.large }],
  },
  {
    familyId: "smollm2", template: "alpaca", about: "SmolLM2 135M and 360M", obtain: copied,
    anchors: [
      { anchorId: "smollm2-135m", label: "135M", config: llamaConfig({ ...smol, width: 576, depth: 30, hidden: 1536 }) },
      { anchorId: "smollm2-360m", label: "360M", config: llamaConfig({ ...smol, width: 960, depth: 32, heads: 15, keyValueHeads: 5, hidden: 2560 }) },
    ],
  },
  {
    familyId: "tinyllama", template: "alpaca", about: "TinyLlama 1.1B and LLaMA 7B, which share a tokenizer", obtain: copied,
    anchors: [
      { anchorId: "tinyllama-1.1b", label: "1.1B", config: llamaConfig({ width: 2048, depth: 22, heads: 32, keyValueHeads: 4, hidden: 5632, vocabulary: 32000, context: 2048 }) },
      { anchorId: "llama-7b", label: "7B", config: llama7b },
    ],
  },
  {
    familyId: "llama", template: "alpaca", about: "LLaMA 7B and 13B, the paper's pair", obtain: copied,
    anchors: [{ anchorId: "llama-7b", label: "7B", config: llama7b }, { anchorId: "llama-13b", label: "13B", config: llama13b }],
  },
];

/** Family of any two decoders that come as folders. */
export const otherPair = "pair";

/** Whether a family reads text: a named pair, or {@link otherPair}. */
export function isLanguagePair(familyId: string): boolean {
  return familyId === otherPair || languagePairs.some((pair) => pair.familyId === familyId);
}

/** The pair of that name. @throws {UsageError} listing the known ones. */
export function languagePairOf(familyId: string): LanguagePair {
  const pair = languagePairs.find((one) => one.familyId === familyId);
  if (pair === undefined) throw new UsageError(`family: ${JSON.stringify(familyId)} is no pair of decoders, expected one of ${languagePairs.map((one) => one.familyId).join(", ")}, or "${otherPair}" with folders of weights.`);
  return pair;
}

/**
 * Sizes of a pair from its folders, every name and shape of their tensors checked; from the published sizes where no folders are given.
 *
 * @throws {UsageError} as {@link checkLlamaFolder}; when folders hold another decoder than the named one, or vocabularies differ.
 */
export function pairConfigs(familyId: string, folders?: PairFolders): readonly [LlamaConfig, LlamaConfig] {
  const known = familyId === otherPair ? undefined : languagePairOf(familyId);
  if (folders === undefined) {
    if (known === undefined) throw new UsageError(`family ${otherPair}: no folders arrived, expected --weights-small and --weights-large.`);
    return [known.anchors[0].config, known.anchors[1].config];
  }
  const places = [folders.small, folders.large] as const;
  const configs = [checkLlamaFolder(folders.small).config, checkLlamaFolder(folders.large).config] as const;
  const problems = configs.flatMap((config, index) => (known === undefined ? [] : sizeProblems(places[index]!, config, known.anchors[index]!, familyId)));
  if (configs[0].vocabulary !== configs[1].vocabulary) {
    problems.push(`family ${familyId}: ${folders.large} has a vocabulary of ${configs[1].vocabulary}, expected ${configs[0].vocabulary} as ${folders.small}: stitched decoders read the same tokens.`);
  }
  throwProblems(problems);
  return configs;
}

function sizeProblems(folder: string, config: LlamaConfig, anchor: PairAnchor, familyId: string): string[] {
  const keys = ["width", "depth", "heads", "keyValueHeads", "hidden", "vocabulary"] as const;
  const differing = keys.filter((key) => config[key] !== anchor.config[key]);
  if (differing.length === 0) return [];
  const sizes = (one: LlamaConfig): string => differing.map((key) => `${key} ${one[key]}`).join(", ");
  return [`family ${familyId}: ${folder} holds a decoder of ${sizes(config)}, expected ${sizes(anchor.config)} as ${anchor.anchorId}. Give the other folder, or use --family ${otherPair}.`];
}

/**
 * Loads a pair with weights as they are stored: 16-bit matrices stay in 16 bits, mapped from their files.
 *
 * @throws {UsageError} as {@link pairConfigs} and {@link loadLanguageFamily}.
 */
export function loadLanguagePair(familyId: string, folders: PairFolders): LanguageFamily {
  pairConfigs(familyId, folders);
  const known = familyId === otherPair ? undefined : languagePairOf(familyId);
  const [small, large] = known?.anchors ?? [{ anchorId: "small", label: "S" }, { anchorId: "large", label: "L" }];
  const named = [{ anchorId: small.anchorId, label: small.label, folder: folders.small }, { anchorId: large.anchorId, label: large.label, folder: folders.large }];
  return loadLanguageFamily(familyId, named, known?.template ?? "alpaca", familyId === "mini-llama" ? "float32" : "as stored");
}
