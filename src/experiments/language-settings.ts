/**
 * @file The settings of adapting a pair of decoders to instructions: plain data, and what they mean to the training code.
 */
import { defaultSampler, type SamplerKind } from "../sampling/sampler.js";
import type { ImportanceVariant } from "../sampling/importance.js";
import type { LanguageAdaptSettings } from "../training/adapt-language.js";
import { scaledSchedule } from "../training/schedule.js";
import { defaultPst, type BiasScope } from "../tuning/method.js";
import type { SettingKind } from "./settings.js";

/** Settings of instruction-following. A type, not an interface: plain data for JSON. */
export type LanguageSettings = {
  /** Name of the pair: mini-llama is the kit's own. */
  readonly family: string;
  /** Folders of the decoders in Hugging Face's layout; none for the kit's own pair. */
  readonly weightsSmall: string | null;
  readonly weightsLarge: string | null;
  /** A file in Alpaca's format; none for the kit's own instructions. */
  readonly instructions: string | null;
  /** Wording of the prompt: short or alpaca. */
  readonly template: string;
  /** `pst`, `pst-uniform` (stitches drawn uniformly), `sn-net` (full fine-tuning), `anchor-s` and `anchor-l` (PST's tensors, one anchor alone). */
  readonly methods: readonly string[];
  /** Optimizer updates of each run. */
  readonly steps: number;
  readonly batchSize: number;
  /** Share of the steps that is warm-up. */
  readonly warmupShare: number;
  /** Peak learning rate of PST and of anchors alone. */
  readonly learningRate: number;
  /** Peak learning rate of full fine-tuning. */
  readonly fullLearningRate: number;
  readonly weightDecay: number;
  readonly rank: number;
  readonly scaling: number;
  readonly biasScope: string;
  readonly bins: number;
  readonly importance: string;
  /** Training examples that start the stitching layers. */
  readonly initialExamples: number;
  /** First training, validation and test examples to use; none means all. */
  readonly trainExamples: number | null;
  readonly valExamples: number | null;
  readonly testExamples: number | null;
  /** Most tokens of an answer. */
  readonly maximumTokens: number;
  /** Test examples whose answers are kept, for the table of answers. */
  readonly samples: number;
  /** Keeps what each run trained, below `weights/` beside the results. */
  readonly saveWeights: boolean;
};

/** What each setting holds. */
export const languageSettingKinds: { readonly [Key in keyof LanguageSettings]: SettingKind } = {
  family: "text", weightsSmall: "text?", weightsLarge: "text?", instructions: "text?", template: "text", methods: "texts",
  steps: "number", batchSize: "number", warmupShare: "number", learningRate: "number", fullLearningRate: "number", weightDecay: "number",
  rank: "number", scaling: "number", biasScope: "text", bins: "number", importance: "text",
  initialExamples: "number", trainExamples: "number?", valExamples: "number?", testExamples: "number?", maximumTokens: "number", samples: "number", saveWeights: "flag",
};

export const languageMethods = ["pst", "pst-uniform", "sn-net", "anchor-s", "anchor-l"] as const;

/**
 * PST on the kit's own pair; profiles change sizes. Learning rates were chosen on 200 validation examples, seed 0, both methods over the same
 * steps and 9 stitches: nats a response token, mean of all stitches.
 * - 150 steps, PST: 4.04, 3.85, 3.70, 3.84, 5.14, 7.20 at 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08; full: 3.05, 2.99, 3.05, 3.26, 4.35 at 0.0005, 0.001, 0.002, 0.004, 0.008
 * - 30 steps (quick), PST: 4.32, 4.26, 4.41 at 0.01, 0.02, 0.03; full: 3.78, 3.87 at 0.001, 0.002
 */
export const languageBase: LanguageSettings = {
  family: "mini-llama", weightsSmall: null, weightsLarge: null, instructions: null, template: "short", methods: languageMethods,
  steps: 150, batchSize: 8, warmupShare: 0.1, learningRate: 1e-2, fullLearningRate: 1e-3, weightDecay: 1e-4,
  rank: defaultPst.rank, scaling: defaultPst.scaling, biasScope: defaultPst.biasScope, bins: 3, importance: "trainable",
  initialExamples: 100, trainExamples: null, valExamples: 20, testExamples: 80, maximumTokens: 16, samples: 6, saveWeights: false,
};

/** What the training code is told for one method. Names that are not known pass through: the training code's own checks name them. */
export function languageSettingsOf(settings: LanguageSettings, method: string): LanguageAdaptSettings {
  const { steps, batchSize, weightDecay, rank, scaling, bins, initialExamples, maximumTokens } = settings;
  const full = method === "sn-net";
  const anchorAlone = ["anchor-s", "anchor-l"].indexOf(method);
  const base = full ? settings.fullLearningRate : settings.learningRate;
  const scored = method === "pst" || method === "pst-uniform";
  return {
    method: full ? { kind: "full" } : { kind: "pst", rank, scaling, loraTargets: "q+v", biasScope: settings.biasScope as BiasScope },
    train: {
      steps, batchSize, weightDecay, scheduleUnit: "step",
      schedule: scaledSchedule(steps, Math.round(settings.warmupShare * steps), base),
      sampler: { ...defaultSampler, kind: (method === "pst" ? "importance" : "uniform") satisfies SamplerKind, bins },
      importance: scored ? (settings.importance as ImportanceVariant) : "loss",
    },
    initialExamples,
    maximumTokens,
    ...(anchorAlone < 0 ? {} : { anchorAlone }),
  };
}
