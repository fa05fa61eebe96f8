/**
 * @file Where instruction-following finds its decoders and instructions, what is missing there, and what names their content.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../checks.js";
import { readAlpaca } from "../datasets/text-alpaca.js";
import { buildInstructions, type Novelty } from "../datasets/text-instructions.js";
import type { Exchange, PromptTemplate } from "../language/prompt-template.js";
import { createRng } from "../rng.js";
import { loadLanguageFamily, type LanguageAnchorFolder, type LanguageFamily } from "../training/language-family.js";
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

/** The folders of a pair, the smaller first. @param settings - with folders of its own, or the name of the kit's pair. */
export function pairFolders({ family, weightsSmall, weightsLarge }: Pick<LanguageSettings, "family" | "weightsSmall" | "weightsLarge">): LanguageAnchorFolder[] {
  const folder = (label: string, own: string | null): LanguageAnchorFolder => {
    const anchorId = `${family}-${label.toLowerCase()}`;
    const found = own === null ? ownWeightFolders.map((place) => join(place, anchorId)).find((path) => existsSync(path)) : fromRoot(own);
    return { anchorId, label, folder: found ?? join(ownWeightFolders[0]!, anchorId) };
  };
  return [folder("S", weightsSmall), folder("L", weightsLarge)];
}

/** What is missing of decoders and instructions. One line each. */
export function languageSourceProblems(where: string, settings: LanguageSettings): string[] {
  const missing = pairFolders(settings).filter(({ folder }) => !existsSync(join(folder, "config.json")));
  const { instructions } = settings;
  return [
    ...missing.map(({ folder }) => `${where}: ${shortPath(folder)} holds no decoder (config.json), expected the folder of a Hugging Face checkpoint. ${settings.weightsSmall === null ? "esta pretrain --family mini-llama makes the kit's own pair." : "Copy it there, or name another with --set weightsSmall=… and weightsLarge=…."}`),
    ...(instructions === null || existsSync(fromRoot(instructions)) ? [] : [`${where}: ${instructions} is not there, expected instructions in Alpaca's format (JSON). Copy them there, or name another file with --set instructions=….`]),
  ];
}

const lastPair = rememberLast(async (key) => {
  const settings = JSON.parse(key) as Pick<LanguageSettings, "family" | "weightsSmall" | "weightsLarge" | "template">;
  return loadLanguageFamily(settings.family, pairFolders(settings), settings.template as PromptTemplate);
});

/** The decoders that the settings name. */
export function pairOf({ family, weightsSmall, weightsLarge, template }: Pick<LanguageSettings, "family" | "weightsSmall" | "weightsLarge" | "template">): Promise<LanguageFamily> {
  return lastPair(JSON.stringify({ family, weightsSmall, weightsLarge, template }));
}

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

/** The instructions that the settings name, cut as they say. */
export async function instructionsOf(settings: LanguageSettings): Promise<InstructionSource> {
  const { train, validation, test, sha256 } = await lastInstructions(JSON.stringify(settings.instructions));
  const first = <One>(examples: readonly One[], count: number | null): readonly One[] => (count === null ? examples : examples.slice(0, count));
  return { train: first(train, settings.trainExamples), validation: first(validation, settings.valExamples), test: first(test, settings.testExamples), sha256 };
}
