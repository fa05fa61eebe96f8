/**
 * @file `esta adapt` of a pair of decoders: to instructions in Alpaca's format; writes the adapted weights and what every stitch costs and reaches.
 */
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { loadAnswerable, type AnswerableExamples } from "../training/answerable-examples.js";
import { adaptLanguage, adaptLanguageProblems, flopsPerToken, formatOf, type LanguageAdaptResult, type LanguageAdaptSettings } from "../training/adapt-language.js";
import { adaptedLanguageRecord, saveAdaptedLanguage } from "../training/adapted-language-file.js";
import { loadLanguagePair, pairConfigs } from "../training/language-pairs.js";
import { pairMemory } from "../training/pair-memory.js";
import { throwProblems, UsageError } from "../checks.js";
import { versions } from "../experiments/provenance.js";
import { defaultSampler, type SamplerKind } from "../sampling/sampler.js";
import type { ImportanceVariant } from "../sampling/importance.js";
import { stitchLabel } from "../stitching/family.js";
import type { BiasScope, LoraTargets } from "../tuning/method.js";
import { writeWhole } from "../write-whole.js";
import { startEngine, type EngineOptions } from "./options.js";
import { neededFolders, type PairOptions } from "./pair-options.js";
import { progressDisplay } from "./progress.js";
import { interruptible, type Terminal } from "./terminal.js";
import { durationText, textTable } from "./text-table.js";

/** What the command takes of the options of `esta adapt`. */
export interface AdaptPairOptions extends EngineOptions, PairOptions {
  readonly family: string;
  readonly data?: string;
  readonly out: string;
  readonly methods: readonly string[];
  readonly steps: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly rank: number;
  readonly loraTargets: string;
  readonly biasScope: string;
  readonly sampler: string;
  readonly importance: string;
  readonly seed: number;
  readonly length?: number;
  readonly heldOut: number;
  readonly initialExamples: number;
  readonly again?: true;
}

/** Weights of the stitch space, and the table of stitches that `esta chat` reads beside them. */
const WEIGHTS = "weights.safetensors";
export const STITCHES = "stitches.json";

/** Steps between checkpoints; an interrupted adaptation goes on from the last. */
const CHECKPOINT_EVERY = 50;

/** Adapts the pair. @throws {UsageError} for settings, weights or data that do not fit, before any tensor is made. */
export async function adaptPair(terminal: Terminal, options: AdaptPairOptions): Promise<void> {
  const { family: familyId, data, out } = options;
  const [method, ...more] = options.methods;
  if (data === undefined) throw new UsageError(`adapt: --data is missing, expected a JSON file of instructions in Alpaca's format for the decoders of ${familyId}.`);
  if ((method !== "pst" && method !== "sn-net") || more.length > 0) throw new UsageError(`adapt: methods is ${options.methods.join(",")}, expected pst or sn-net for a pair of decoders.`);
  const folders = neededFolders(familyId, options);
  const configs = pairConfigs(familyId, folders);
  const length = Math.min(options.length ?? 512, ...configs.map(({ context }) => context));
  const settings = settingsOf(options, method);
  throwProblems(adaptLanguageProblems("adapt", { anchors: configs.map((config) => ({ config })) }, settings));
  const memory = pairMemory(configs, { method: settings.method, batchSize: options.batchSize, length });
  const available = process.availableMemory();
  if (memory.bytes.most - memory.bytes.frozen > available) {
    throw new UsageError(`adapt: ${gigabytes(memory.bytes.most)} GB are needed and ${gigabytes(available)} GB are free, expected enough beside the mapped weights. A smaller --batch-size or --length saves activations; esta plan --family ${familyId} shows the parts.`);
  }
  const weights = join(out, WEIGHTS);
  if (existsSync(join(out, STITCHES)) && options.again !== true) return terminal.print(`${weights} is there already; --again adapts again`);
  const engine = await startEngine(terminal, options);
  const family = loadLanguagePair(familyId, folders);
  const examples = await loadAnswerable(data, { ...formatOf(family), context: length }, options.heldOut, options.seed);
  for (const line of exampleLines(examples, length)) terminal.print(line);
  mkdirSync(out, { recursive: true });
  const display = progressDisplay(terminal);
  const checkpoint = join(out, "checkpoint.safetensors");
  if (options.again === true) rmSync(checkpoint, { force: true });
  const instructions = basename(data);
  const result = await interruptible(terminal, (signal) => adaptLanguage(family, { train: examples.train, validation: [], test: examples.heldOut }, settings, {
    seed: options.seed, checkpoint, checkpointEvery: CHECKPOINT_EVERY, signal, onProgress: (progress) => display.update(progress),
    fingerprint: JSON.stringify([familyId, family.anchors.map(({ sha256 }) => sha256), instructions, examples.train.length, length, settings, options.seed]),
    onTrained: (model, stitches) => {
      saveAdaptedLanguage(weights, model, adaptedLanguageRecord(family, settings, { kit: versions()["esta"]!, instructions, method, seed: options.seed, stitches }));
      display.clear();
      terminal.print(`adapted weights in ${weights}`);
    },
  }));
  display.clear();
  writeWhole("adapt", join(out, STITCHES), [Buffer.from(`${JSON.stringify(rowsOf(result), null, 1)}\n`)]);
  rmSync(checkpoint, { force: true });
  for (const line of resultLines(result, family.labels)) terminal.print(line);
  const { initialise, train, evaluate } = result.seconds;
  terminal.print(`${engine.backend}: stitching layers ${durationText(initialise)}, training ${durationText(train)} (${(train / settings.train.steps).toPrecision(3)} s a step), evaluation ${durationText(evaluate)}`);
  terminal.print(`talk: esta chat --family ${familyId} --weights-small ${folders.small} --weights-large ${folders.large} --weights ${weights}`);
}

function settingsOf({ steps, batchSize, learningRate, rank, loraTargets, biasScope, sampler, importance, initialExamples }: AdaptPairOptions, method: "pst" | "sn-net"): LanguageAdaptSettings {
  const base = method === "pst" ? learningRate : learningRate / 10;
  return {
    method: method === "pst" ? { kind: "pst", rank, scaling: 1, loraTargets: loraTargets as LoraTargets, biasScope: biasScope as BiasScope } : { kind: "full" },
    train: {
      steps, batchSize, weightDecay: 1e-4, scheduleUnit: "step", importance: importance as ImportanceVariant, sampler: { ...defaultSampler, kind: sampler as SamplerKind },
      schedule: { length: steps, warmup: Math.ceil(steps / 10), base, warmupStart: 1e-6, minimum: base / 100 },
    },
    initialExamples,
    maximumTokens: 0,
  };
}

function exampleLines({ train, heldOut, tooLong }: AnswerableExamples, length: number): string[] {
  return [`${train.length} examples to learn from, ${heldOut.length} held out${tooLong === 0 ? "" : `; ${tooLong} left out, longer than ${length} tokens`}`];
}

/** One row a stitch, in the columns of results. */
function rowsOf({ family, outcomes }: LanguageAdaptResult): Record<string, number | boolean | null>[] {
  return outcomes.map(({ stitchId, importance, visits, selected, test }) => ({
    stitch_id: stitchId, params: family.costs[stitchId]!.params, flops_per_token: flopsPerToken(family, stitchId), importance, visits, selected, perplexity: test?.perplexity ?? null,
  }));
}

function resultLines(result: LanguageAdaptResult, labels: readonly string[]): string[] {
  const rows = rowsOf(result).map((row) => [
    String(row["stitch_id"]), stitchLabel(result.family.space, Number(row["stitch_id"]), labels), Number(row["params"]).toLocaleString("en-US"), String(row["visits"]),
    typeof row["perplexity"] === "number" ? row["perplexity"].toFixed(3) : "–", row["selected"] === true ? "yes" : "",
  ]);
  return [`${result.trainable.toLocaleString("en-US")} elements trained`, ...textTable(["stitch", "what", "parameters", "visits", "perplexity", "selected"], rows, [2, 3, 4])];
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(1);
}
