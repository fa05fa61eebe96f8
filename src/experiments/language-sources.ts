/**
 * @file Where instruction-following finds its decoders and instructions, what is missing there, and what names their content.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { LlamaConfig } from "../anchors/llama-shape.js";
import { UsageError } from "../checks.js";
import { readAlpaca } from "../datasets/text-alpaca.js";
import { buildInstructions, type Novelty } from "../datasets/text-instructions.js";
import type { Exchange, PromptTemplate } from "../language/prompt-template.js";
import { createRng } from "../rng.js";
import type { LanguageFamily } from "../training/language-family.js";
import { languagePairs, loadLanguagePair, pairConfigs, type PairFolders } from "../training/language-pairs.js";
import type { MissingSource } from "./experiment.js";
import type { LanguageSettings } from "./language-settings.js";
import { rememberLast } from "./remember-last.js";
import { fromRoot, ownWeightFolders, shortPath } from "./vtab-sources.js";

/** A test example; what is new in it is known of the kit's own instructions only. */
export type TestExchange = Exchange & { readonly novelty?: Novelty };

/** Instructions by use, and the sha256 of what they came from. */
export interface InstructionSource {
  readonly train: readonly Exchange[];
  readonly validation: readonly Exchange[];
  readonly test: readonly TestExchange[];
  readonly sha256: string;
}

/** The folders of a pair: the settings' own, or those named after its anchors among the kit's weights. */
export function pairFolders({ family, weightsSmall, weightsLarge }: Pick<LanguageSettings, "family" | "weightsSmall" | "weightsLarge">): PairFolders {
  const anchors = languagePairs.find(({ familyId }) => familyId === family)?.anchors;
  const folder = (own: string | null, anchorId: string): string => {
    if (own !== null) return fromRoot(own);
    return ownWeightFolders.map((place) => join(place, anchorId)).find((path) => existsSync(path)) ?? join(ownWeightFolders[0]!, anchorId);
  };
  return { small: folder(weightsSmall, anchors?.[0].anchorId ?? family), large: folder(weightsLarge, anchors?.[1].anchorId ?? family) };
}

/** Whether a folder holds a decoder, by the file that says its sizes. */
function isDecoder(folder: string): boolean {
  return existsSync(join(folder, "config.json"));
}

/** Decoders and instructions that are not there. */
export function missingLanguageSources(settings: LanguageSettings): MissingSource[] {
  const pair = languagePairs.find(({ familyId }) => familyId === settings.family);
  const own = settings.family === "mini-llama" ? pair?.obtain : undefined;
  const { small, large } = pairFolders(settings);
  const decoders = [{ folder: small, key: "weightsSmall" }, { folder: large, key: "weightsLarge" }] as const;
  const { instructions } = settings;
  return [
    ...decoders.flatMap(({ folder, key }, index) => (isDecoder(folder) ? [] : [{
      what: `decoder ${pair?.anchors[index]!.anchorId ?? settings.family}`, expected: `${shortPath(folder)}/ with config.json, tokenizer and weights in Hugging Face's layout`,
      obtain: settings[key] === null && own !== undefined ? own : `copy it there, or --set ${key}=FOLDER`,
    }])),
    ...(instructions === null || existsSync(fromRoot(instructions)) ? [] : [{ what: "file of instructions", expected: `${instructions}, JSON in Alpaca's format`, obtain: "copy it there, or --set instructions=FILE" }]),
  ];
}

/** The same as problems of a run, a line each. */
export function languageSourceProblems(where: string, settings: LanguageSettings): string[] {
  return missingLanguageSources(settings).map(({ what, expected, obtain }) => `${where}: ${what} is missing, expected at ${expected}. To get it: ${obtain}.`);
}

/** Sizes of the pair's decoders, without their weights: as its folders have them, or as published where one is not there. */
export function pairSizes(settings: LanguageSettings): readonly LlamaConfig[] {
  const folders = pairFolders(settings);
  return pairConfigs(settings.family, isDecoder(folders.small) && isDecoder(folders.large) ? folders : undefined);
}

const lastPair = rememberLast(async (key): Promise<LanguageFamily> => {
  const settings = JSON.parse(key) as Pick<LanguageSettings, "family" | "weightsSmall" | "weightsLarge" | "template">;
  return { ...loadLanguagePair(settings.family, pairFolders(settings)), template: settings.template as PromptTemplate };
});

/** The decoders that the settings name, with the settings' wording of prompts. */
export function pairOf({ family, weightsSmall, weightsLarge, template }: Pick<LanguageSettings, "family" | "weightsSmall" | "weightsLarge" | "template">): Promise<LanguageFamily> {
  return lastPair(JSON.stringify({ family, weightsSmall, weightsLarge, template }));
}

type CutSettings = Pick<LanguageSettings, "instructions" | "trainExamples" | "valExamples" | "testExamples">;

const lastInstructions = rememberLast(async (key): Promise<InstructionSource> => {
  const path = JSON.parse(key) as string | null;
  if (path === null) return buildInstructions();
  const examples: Exchange[] = [];
  for await (const { instruction, input, output } of readAlpaca(fromRoot(path))) examples.push({ instruction, input, output });
  return { ...splitInstructions(examples), sha256: createHash("sha256").update(readFileSync(fromRoot(path))).digest("hex") };
});

/** One example in twenty is for validation, one for testing, in a seeded order (our choice: Alpaca's file has no split). */
export function splitInstructions(examples: readonly Exchange[]): Pick<InstructionSource, "train" | "validation" | "test"> {
  const share = Math.floor(examples.length / 20);
  if (share === 0) throw new UsageError(`instructions: ${examples.length} examples arrived, expected at least 20 to keep some for testing.`);
  const shuffled = createRng(20).stream("instructions").shuffle([...examples]);
  return { test: shuffled.slice(0, share), validation: shuffled.slice(share, 2 * share), train: shuffled.slice(2 * share) };
}

const lastCut = rememberLast(async (key): Promise<InstructionSource> => {
  const settings = JSON.parse(key) as CutSettings;
  const { train, validation, test, sha256 } = await lastInstructions(JSON.stringify(settings.instructions));
  const first = <One>(examples: readonly One[], count: number | null): readonly One[] => (count === null ? examples : examples.slice(0, count));
  return { train: first(train, settings.trainExamples), validation: first(validation, settings.valExamples), test: first(test, settings.testExamples), sha256 };
});

/** The instructions that the settings name, cut as they say. */
export function instructionsOf({ instructions, trainExamples, valExamples, testExamples }: CutSettings): Promise<InstructionSource> {
  return lastCut(JSON.stringify({ instructions, trainExamples, valExamples, testExamples }));
}
