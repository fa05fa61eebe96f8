/**
 * @file Do stitched language models interpolate between the two anchors?
 *
 * Run:     ./reproduce.sh quick instruction-following
 * Writes:  results/<profile>/instruction-following/: rows.csv (a stitch a line), tables of stitches, methods, novelty, answers and speed, the interpolation figure
 * Expects: stitches between the anchors in quality (paper: LLaMA-7B and 13B; its numbers could not be obtained). We test only the direction.
 * Differs: a pair of the kit's own, pretrained on two to three million tokens, and short questions with one right answer.
 */
import { join } from "node:path";
import type { LlamaConfig } from "../anchors/llama-shape.js";
import { choiceProblem, wholeNumberProblem } from "../checks.js";
import { instructionClaims } from "../reporting/instruction-claims.js";
import { instructionFindings } from "../reporting/instruction-findings.js";
import { instructionRows, type InstructionRow } from "../reporting/instruction-rows.js";
import { instructionTables, speedTable } from "../reporting/instruction-tables.js";
import { interpolationFigure } from "../reporting/figures/interpolation-figure.js";
import { tablePaths, writeTable } from "../reporting/table.js";
import { adaptationWork, totalWork } from "../training/adaptation-work.js";
import { adaptLanguage, adaptLanguageProblems, flopsPerToken, formatOf, type LanguageAdaptResult } from "../training/adapt-language.js";
import { adaptedLanguageRecord, saveAdaptedLanguage } from "../training/adapted-language-file.js";
import { answersOf, scoreAnswers } from "../training/evaluate-text.js";
import { encodePrompt, type Exchange } from "../language/prompt-template.js";
import { stitchIdsOf, stitchLabel } from "../stitching/family.js";
import { languageStructure, type LanguageFamily } from "../training/language-family.js";
import { languagePairs } from "../training/language-pairs.js";
import { pairMemory } from "../training/pair-memory.js";
import type { TextFormat } from "../training/text-batches.js";
import type { TunedModel } from "../tuning/tuned-model.js";
import { defineExperiment, type Ingredients, type ReportContext, type RunContext } from "./experiment.js";
import { languageBase, languageMethods, languageSettingKinds, languageSettingsOf, type LanguageSettings } from "./language-settings.js";
import { instructionsOf, languageSourceProblems, missingLanguageSources, pairOf, pairSizes, type InstructionSource, type TestExchange } from "./language-sources.js";
import { versions } from "./provenance.js";
import { recipeProblems } from "./recipe-problems.js";

type Point = { readonly method: string };

/** Anchors adapted alone share a method name in the rows. */
const rowMethod = (method: string): string => (method.startsWith("anchor-") ? "anchors" : method);

const labels: Readonly<Record<string, string>> = {
  pst: "PST, importance sampling", "pst-uniform": "PST, uniform sampling", "sn-net": "SN-Net, full fine-tuning", anchors: "Each anchor alone", "anchor-s": "Small anchor alone", "anchor-l": "Large anchor alone",
};

export const instructionFollowing = defineExperiment<LanguageSettings, Point, InstructionRow>({
  id: "instruction-following",
  question: "Do stitched language models interpolate between the two anchors?",
  claim: "Stitches between LLaMA-7B and 13B, adapted to instructions, lie between them in quality (paper; we test the direction)",
  settings: {
    quick: { ...languageBase, steps: 30, batchSize: 8, learningRate: 2e-2, initialExamples: 20, trainExamples: 1000, valExamples: 10, testExamples: 12, maximumTokens: 8, samples: 3 },
    laptop: languageBase,
    paper: {
      ...languageBase, family: "llama", weightsSmall: "data/weights/llama-7b", weightsLarge: "data/weights/llama-13b", instructions: "data/alpaca.json", template: "alpaca",
      steps: 1200, batchSize: 128, learningRate: 1e-3, fullLearningRate: 2e-5, bins: 8, valExamples: 500, testExamples: 500, maximumTokens: 256, saveWeights: true,
    },
  },
  seeds: { quick: [0], laptop: [0, 1, 2], paper: [0, 1, 2] },
  note: noteOf,
  kinds: languageSettingKinds,
  outsideIdentity: ["methods", "weightsSmall", "weightsLarge", "instructions"],
  unread: ({ method }) => (method === "sn-net" ? ["learningRate", "rank", "scaling", "biasScope", "importance"] : ["fullLearningRate"]),
  revision: 1,
  rowType: instructionRows,
  points: ({ methods }) => methods.map((method) => ({ method })),
  stage: ({ method }) => (method === "pst" ? 0 : method === "sn-net" ? 1 : 2),
  problems: problemsOf,
  absent: languageSourceProblems,
  missing: missingLanguageSources,
  ingredients: ingredientsOf,
  run: runInstructions,
  work: workOf,
  memory: memoryOf,
  figures: { interpolation: (rows, context) => interpolationFigure(rows, { ...context, labels }) },
  report: reportInstructions,
  reportFiles: tablePaths("stitches", "methods", "novelty", "answers"),
  claims: instructionClaims,
  found: instructionFindings,
});

function noteOf({ family, instructions, steps, batchSize, learningRate, fullLearningRate, testExamples }: LanguageSettings, seeds: readonly number[], profile: string): string {
  const data = instructions ?? "the kit's own instructions";
  return `${profile}: pair ${family}, ${steps} steps of batch ${batchSize} on ${data}, learning rate ${learningRate} (full ${fullLearningRate}), ${testExamples ?? "all"} test examples, ${seeds.length === 1 ? "1 seed" : `${seeds.length} seeds`}`;
}

function problemsOf(where: string, settings: LanguageSettings): string[] {
  const problems = [
    ...familyProblem(where, settings),
    ...choiceProblem(where, "template", settings.template, ["short", "alpaca"]),
    ...settings.methods.flatMap((method) => choiceProblem(where, "method", method, languageMethods)),
    ...wholeNumberProblem(where, "samples", settings.samples, 1, Infinity),
    ...wholeNumberProblem(where, "maximumTokens", settings.maximumTokens, 1, Infinity),
  ];
  for (const key of ["trainExamples", "valExamples", "testExamples"] as const) if (settings[key] !== null) problems.push(...wholeNumberProblem(where, key, settings[key], 1, Infinity));
  problems.push(...recipeProblems(where, settings));
  return problems.length > 0 ? problems : adaptLanguageProblems(where, unloaded(settings), languageSettingsOf(settings, "pst"));
}

function familyProblem(where: string, { family }: LanguageSettings): string[] {
  return choiceProblem(where, "family", family, languagePairs.map(({ familyId }) => familyId));
}

function unloaded(settings: LanguageSettings): { readonly anchors: readonly { readonly config: LlamaConfig }[] } {
  return { anchors: pairSizes(settings).map((config) => ({ config })) };
}

async function ingredientsOf(_point: Point, settings: LanguageSettings): Promise<Ingredients> {
  const [family, { sha256 }] = [await pairOf(settings), await instructionsOf(settings)];
  return { weights: family.anchors.map((anchor) => ({ name: anchor.anchorId, sha256: anchor.sha256 })), data: [{ name: "instructions", sha256 }, { name: "tokenizer", sha256: family.tokenizer.sha256 }] };
}

/** Tokens of an example with its prompt, about; Alpaca's wording and answers are longer than the kit's (our guess). */
function exampleTokens({ template }: LanguageSettings): number {
  return template === "alpaca" ? 150 : 60;
}

/** Multiply–accumulates: training steps, then every stitch on validation, and on test twice (perplexity, answers). */
function workOf({ method }: Point, settings: LanguageSettings): number {
  if (familyProblem("plan", settings).length > 0) return 0;
  const structure = languageStructure(unloaded(settings));
  const { anchorAlone, ...told } = languageSettingsOf(settings, method);
  const flops = stitchIdsOf(structure, anchorAlone).map((stitchId) => exampleTokens(settings) * flopsPerToken(structure, stitchId));
  return totalWork(adaptationWork(flops, { ...told, validation: settings.valExamples ?? 400, test: 2 * (settings.testExamples ?? 3000) }));
}

/** Bytes of adapting the whole pair; an anchor alone takes less. */
function memoryOf({ method }: Point, settings: LanguageSettings): number {
  const step = { method: languageSettingsOf(settings, method).method, batchSize: settings.batchSize, length: exampleTokens(settings) };
  return pairMemory(pairSizes(settings), step, settings.family === "mini-llama" ? 4 : 2).bytes.most;
}

async function runInstructions({ method }: Point, settings: LanguageSettings, context: RunContext): Promise<InstructionRow[]> {
  const { seed, profile, checkpoint, weights, fingerprint, onProgress, signal, measure } = context;
  const [family, data] = [await pairOf(settings), await instructionsOf(settings)];
  const adaptSettings = languageSettingsOf(settings, method);
  const result = await adaptLanguage(family, data, adaptSettings, {
    seed, checkpoint, checkpointEvery: 50, fingerprint, onProgress, signal,
    onTrained: (model, stitches) => {
      for (const [name, rate] of writingSpeeds(model, family, data.test, settings.maximumTokens)) measure(`tokensPerSecond ${name}`, rate);
      if (settings.saveWeights) saveAdaptedLanguage(weights, model, adaptedLanguageRecord(family, adaptSettings, { kit: versions()["esta"]!, instructions: settings.instructions ?? "own", method, seed, stitches }));
    },
  });
  for (const [name, seconds] of Object.entries(result.seconds)) measure(`${name}Seconds`, seconds);
  return instructionRowsOf(result, family, data, settings, { method, seed, profile });
}

/** Tokens a second of each adapted stitch, one answer after another: the first question's prompt and as many tokens as an answer may have and the context holds. */
function writingSpeeds(model: TunedModel<LlamaConfig>, family: LanguageFamily, test: readonly TestExchange[], maximum: number): [name: string, rate: number][] {
  const format = formatOf(family);
  const endless = { ...format, tokenizer: { ...format.tokenizer, endId: undefined } };
  const [question] = test;
  if (question === undefined) return [];
  const written = writtenTokens(question, format, maximum);
  return model.partition.flatMap((trainables, stitchId): [string, number][] => {
    if (trainables.length === 0) return [];
    const write = (): void => void answersOf(model, stitchId, [question], endless, maximum);
    write();
    const started = performance.now();
    write();
    return [[stitchLabel(model.family.space, stitchId, family.labels), (1000 * written) / (performance.now() - started)]];
  });
}

/** Tokens of an answer that never ends: the most it may have, or what the context leaves after the prompt. */
export function writtenTokens(question: Pick<Exchange, "instruction" | "input">, { tokenizer, template, context }: TextFormat, maximum: number): number {
  return Math.min(maximum, context - encodePrompt(question, tokenizer, template).length);
}

/** One row a stitch; an anchor alone draws no stitches. */
export function instructionRowsOf({ family, outcomes, trainable }: LanguageAdaptResult, { anchors }: LanguageFamily, { test }: InstructionSource, { samples: kept }: Pick<LanguageSettings, "samples">, { method, seed, profile }: { readonly method: string; readonly seed: number; readonly profile: string }): InstructionRow[] {
  const name = (anchor: number): string => anchors[anchor]!.anchorId;
  const alone = outcomes.length === 1;
  const scored = method.startsWith("pst");
  return outcomes.map(({ stitchId, importance, visits, selected, test: quality, validationPerplexity }) => {
    const stitch = family.space.stitches[stitchId]!;
    const joined = stitch.kind === "stitch";
    const { answers, perplexity } = quality!;
    const scores = scoreAnswers(answers, test.map(({ output }) => output));
    const exactOf = (novelty: string): number | null => {
      const places = test.flatMap((example, index) => (example.novelty === novelty ? [index] : []));
      return places.length === 0 ? null : scoreAnswers(places.map((place) => answers[place]!), places.map((place) => test[place]!.output)).exactMatch;
    };
    const samples = test.slice(0, kept).map(({ instruction, input, output }, index) => ({ question: input === "" ? instruction : `${instruction} ${input}`, reference: output, answer: answers[index]! }));
    return {
      method: rowMethod(method), seed, stitchId, kind: stitch.kind, front: name(stitch.front), end: name(stitch.end), frontBlock: joined ? stitch.frontBlock : null, endBlock: joined ? stitch.endBlock : null,
      flopsPerToken: flopsPerToken(family, stitchId), params: family.costs[stitchId]!.params, trainableParams: trainable, examples: test.length,
      perplexity, exactMatch: scores.exactMatch, rougeL: scores.rougeL, exactEntity: exactOf("entity"), exactPhrasing: exactOf("phrasing"), exactBoth: exactOf("both"), valPerplexity: validationPerplexity,
      importance: scored ? importance : null, visits: alone ? null : visits, selected: scored && selected ? 1 : 0, samples: JSON.stringify(samples), profile,
    };
  });
}

async function reportInstructions(rows: readonly InstructionRow[], { folder, note, records }: ReportContext): Promise<void> {
  for (const table of [...instructionTables(rows, note, labels), speedTable(records, note, labels)]) if (table !== undefined) writeTable(join(folder, "tables"), table);
}
