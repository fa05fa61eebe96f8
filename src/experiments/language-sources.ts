/**
 * @file Where instruction-following finds its decoders and instructions, what is missing there, and what names their content.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { choiceProblem, UsageError } from "../checks.js";
import { readAlpaca } from "../datasets/text-alpaca.js";
import { buildInstructions, type Novelty } from "../datasets/text-instructions.js";
import type { Exchange, PromptTemplate } from "../language/prompt-template.js";
import { createRng } from "../rng.js";
import type { LanguageFamily } from "../training/language-family.js";
import { languagePairs, loadLanguagePair, type PairFolders } from "../training/language-pairs.js";
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

/** What is missing of decoders and instructions. One line each. */
export function languageSourceProblems(where: string, settings: LanguageSettings): string[] {
  const unknown = choiceProblem(where, "family", settings.family, languagePairs.map(({ familyId }) => familyId));
  if (unknown.length > 0) return unknown;
  const { small, large } = pairFolders(settings);
  const missing = [small, large].filter((folder) => !existsSync(join(folder, "config.json")));
  const { instructions } = settings;
  return [
    ...missing.map((folder) => `${where}: ${shortPath(folder)} holds no decoder (config.json), expected the folder of a Hugging Face checkpoint. ${settings.weightsSmall === null ? "esta pretrain --family mini-llama makes the kit's own pair." : "Copy it there, or name another with --set weightsSmall=… and weightsLarge=…."}`),
    ...(instructions === null || existsSync(fromRoot(instructions)) ? [] : [`${where}: ${instructions} is not there, expected instructions in Alpaca's format (JSON). Copy them there, or name another file with --set instructions=….`]),
  ];
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
