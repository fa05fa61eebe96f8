/**
 * @file `esta pretrain --family mini-llama`: makes the kit's own pair of language models from the English text that packages carry.
 */
import { UsageError } from "../checks.js";
import { readTextSource, textSourceNames } from "../datasets/text-sources.js";
import { defaultLanguagePretrain, miniLlama, type LanguagePretrainSettings } from "../training/pretrain-language.js";
import { pretrainLanguagePair, type PretrainTexts } from "../training/pretrain-language-pair.js";
import { startEngine, type EngineOptions } from "./options.js";
import { progressDisplay } from "./progress.js";
import { interruptible, type Terminal } from "./terminal.js";
import { durationText } from "./text-table.js";

/** What a language family takes of the options of `esta pretrain`. */
export interface PretrainLanguageOptions extends EngineOptions, Omit<LanguagePretrainSettings, "length"> {
  readonly family: string;
  readonly anchors?: readonly string[];
  readonly out: string;
  readonly seed: number;
}

const anchors = { s: miniLlama.small, l: miniLlama.large };

/** Beginnings that the model card's samples continue. */
const prompts = ["The capital of", "The noun \"", "These words rhyme:", "A kind of bird", "The whale"];

/** Whether a family reads text rather than images. */
export function isLanguageFamily(familyId: string): boolean {
  return familyId === "mini-llama";
}

/** Pretrains the anchors and says what came of them. @param given - whether an option was given; the family's own recipe stands in for the rest. */
export async function pretrainLanguageFamily(terminal: Terminal, options: PretrainLanguageOptions, given: (key: keyof LanguagePretrainSettings) => boolean): Promise<void> {
  const labels = options.anchors ?? Object.keys(anchors);
  const configs = Object.fromEntries(labels.map((label) => [`${options.family}-${label}`, configOf(label)]));
  const own = Object.fromEntries((["steps", "batchSize", "learningRate", "weightDecay"] as const).filter(given).map((key) => [key, options[key]]));
  const settings = { ...defaultLanguagePretrain, ...own };
  await startEngine(terminal, options);
  const display = progressDisplay(terminal);
  const started = performance.now();
  const records = await interruptible(terminal, async (signal) => {
    const done = await pretrainLanguagePair(configs, packagedTexts(), settings, { out: options.out, seed: options.seed, prompts, command: commandText(options.family, labels, settings, options.seed), signal, onProgress: (progress) => display.update(progress) });
    signal.throwIfAborted();
    return done;
  });
  display.clear();
  for (const { anchorId, parameters, tokensSeen, heldOutPerplexity } of records) terminal.print(`${anchorId}: ${parameters} parameters, ${tokensSeen} tokens seen, held-out perplexity ${heldOutPerplexity.toFixed(2)} per token`);
  terminal.print(`weights, tokenizer and model cards in ${options.out}, ${durationText((performance.now() - started) / 1000)}`);
}

function configOf(label: string) {
  const config = anchors[label.toLowerCase() as keyof typeof anchors];
  if (config === undefined) throw new UsageError(`pretrain: anchors has ${JSON.stringify(label)}, expected of ${Object.keys(anchors).join(", ")}.`);
  return config;
}

function packagedTexts(): PretrainTexts {
  const sources = textSourceNames.map(readTextSource);
  return {
    train: sources.flatMap(({ train }) => train),
    heldOut: sources.flatMap(({ heldOut }) => heldOut),
    about: `plain text of ${sources.map(({ name, train }) => `${name} (${train.length} documents)`).join(", ")}; no instruction of the instruction set is in it, though facts about its held-out words and countries are, in other words (data/README-text.md)`,
  };
}

/** The command that makes the same weights again, for the card. */
function commandText(family: string, labels: readonly string[], { steps, batchSize, learningRate, weightDecay }: LanguagePretrainSettings, seed: number): string {
  return `esta pretrain --family ${family} --anchors ${labels.join(",")} --steps ${steps} --batch-size ${batchSize} --learning-rate ${learningRate} --weight-decay ${weightDecay} --seed ${seed}`;
}
