/**
 * @file What an adaptation of decoders trained, in one safetensors file: all that makes the adapted family again beside its anchors.
 */
import type { LlamaConfig } from "../anchors/llama-shape.js";
import { readSafetensors } from "../anchors/safetensors.js";
import { throwProblems } from "../checks.js";
import type { PromptTemplate } from "../language/prompt-template.js";
import type { TunedModel } from "../tuning/tuned-model.js";
import type { LanguageAdaptSettings } from "./adapt-language.js";
import { anchorProblems, parseRecord, tunedFrom, writeTuned } from "./adapted-file.js";
import { languageStructure, type LanguageFamily } from "./language-family.js";
import type { StitchScore } from "./stitch-scores.js";

/** What the file says of its tensors. */
export interface AdaptedLanguageRecord {
  /** Version of the kit. */
  readonly kit: string;
  readonly family: string;
  readonly anchors: readonly { readonly anchorId: string; /** Of the weight files. */ readonly sha256: string }[];
  readonly tokenizerSha256: string;
  /** How instructions were put to the decoders. */
  readonly template: PromptTemplate;
  /** Name of the instruction data. */
  readonly instructions: string;
  /** As in the rows: pst, sn-net, anchor-s, …. */
  readonly method: string;
  readonly seed: number;
  readonly settings: LanguageAdaptSettings;
  /** Importance, visits and selection of every stitch. */
  readonly stitches: readonly StitchScore[];
}

/** An adapted family, read back. */
export interface AdaptedLanguageModel extends TunedModel<LlamaConfig> {
  readonly record: AdaptedLanguageRecord;
}

/** Raised when older files can no longer be read. */
const FORMAT = "esta-adapted-language-1";

/** Gathers the record of an adaptation. */
export function adaptedLanguageRecord(family: LanguageFamily, settings: LanguageAdaptSettings, rest: Pick<AdaptedLanguageRecord, "kit" | "instructions" | "method" | "seed" | "stitches">): AdaptedLanguageRecord {
  const anchors = family.anchors.map(({ anchorId, sha256 }) => ({ anchorId, sha256 }));
  return { ...rest, family: family.familyId, anchors, tokenizerSha256: family.tokenizer.sha256, template: family.template, settings };
}

/** Writes what training moved, and the stitching layers; float32, whole or not at all. Makes the folder. @throws {UsageError} when the place cannot be written. */
export function saveAdaptedLanguage(path: string, model: TunedModel<LlamaConfig>, record: AdaptedLanguageRecord): void {
  writeTuned(path, model, { format: FORMAT, record: JSON.stringify(record) });
}

/**
 * Makes an adapted family again: its logits are those of the trained one, bit for bit. The caller disposes it (`disposeModel`).
 *
 * @param family - with the anchors and the tokenizer that the file was adapted from.
 * @throws {UsageError} when the file is damaged or of another kind, anchors or tokenizer are others, or tensors are missing or misshapen.
 */
export function loadAdaptedLanguage(path: string, family: LanguageFamily): AdaptedLanguageModel {
  const { tensors, metadata } = readSafetensors(path);
  const record = parseRecord(path, metadata, FORMAT, "name a file that the adaptation of language models wrote") as AdaptedLanguageRecord;
  const { sha256 } = family.tokenizer;
  throwProblems([
    ...anchorProblems(path, record, family),
    ...(sha256 === record.tokenizerSha256 ? [] : [`loadAdapted ${path}: the tokenizer has sha256 ${sha256}, expected ${record.tokenizerSha256}: load the tokenizer that the file was adapted with.`]),
  ]);
  return { ...tunedFrom(path, tensors, languageStructure(family, record.settings), family.anchors, record.settings.method, record.settings.anchorAlone), record };
}
