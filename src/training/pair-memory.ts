/**
 * @file What adapting a pair of decoders takes: stitches, parameters and bytes, from sizes alone, before anything is allocated.
 */
import { keyValueWidth, llamaAnchorParameters, llamaStitchingLayerParameters, type LlamaConfig } from "../anchors/llama-shape.js";
import { throwProblems, wholeNumberProblem } from "../checks.js";
import type { StitchFamily } from "../stitching/family.js";
import { stitchTrainables, trainableElements, methodProblems, type TuningMethod } from "../tuning/method.js";
import { rowsTogether } from "./evaluate-text.js";
import { languageStructure } from "./language-family.js";

/** What a step of adaptation works on. */
export interface PairStep {
  readonly method: TuningMethod;
  /** Sequences a step. */
  readonly batchSize: number;
  /** Tokens of a sequence. */
  readonly length: number;
}

/** Counts and bytes. */
export interface PairMemory {
  readonly family: StitchFamily<LlamaConfig>;
  /** Parameters of the smaller and the larger decoder. */
  readonly parameters: readonly number[];
  /** Elements that adaptation moves, all stitches together. */
  readonly trainable: number;
  /** Sequences that run together in the evaluation. */
  readonly evaluated: number;
  readonly bytes: {
    /** Both decoders as they are stored. */
    readonly frozen: number;
    /** Stitching layers, float32. */
    readonly stitchingLayers: number;
    /** Trained tensors and AdamW's two moments, float32, and the gradients of the largest stitch. */
    readonly trained: number;
    /** What the largest stitch keeps of a step for the way back, and the logits made at once. */
    readonly activations: number;
    /** What the largest stitch works on while it is evaluated, as many sequences as run together, and the logits made at once. */
    readonly evaluation: number;
    /** The triangular factors of the least squares, float64; freed before training. */
    readonly initialisation: number;
    /** The largest that is held at once, with the program itself. */
    readonly most: number;
  };
}

/** The program, its engine and what is not counted otherwise: an allowance (our choice), not a measurement. */
const PROGRAM_BYTES = 350e6;

/** Logits of a portion of the loss, their gradients and a copy, float32. */
const LOSS_BYTES = 3 * 4 * (1 << 21);

/**
 * Computes what adaptation takes.
 *
 * @param storedBytes - bytes of a weight; 2 where weights are stored in 16 bits.
 * @throws {UsageError} when sizes do not make a pair, or the method or the step does not fit it.
 */
export function pairMemory(configs: readonly LlamaConfig[], { method, batchSize, length }: PairStep, storedBytes = 2): PairMemory {
  const family = languageStructure({ anchors: configs.map((config) => ({ config })) });
  throwProblems([
    ...wholeNumberProblem("plan", "batchSize", batchSize, 1, Infinity),
    ...wholeNumberProblem("plan", "length", length, 1, family.configs[0]!.context, "the decoders' context"),
    ...methodProblems("plan", method, configs[0]!.width),
  ]);
  const parameters = configs.map(llamaAnchorParameters);
  const partition = family.modules.map((modules, stitchId) => stitchTrainables(method, stitchId, modules));
  const trainable = trainableElements(partition.flat());
  const largestGradient = Math.max(...partition.map(trainableElements));
  const evaluated = rowsTogether(family, length);
  const bytes = {
    frozen: storedBytes * parameters.reduce((sum, count) => sum + count, 0),
    stitchingLayers: 4 * family.space.stitchingLayers.reduce((sum, { front, end }) => sum + llamaStitchingLayerParameters(configs[front]!, configs[end]!), 0),
    trained: 4 * (3 * trainable + largestGradient),
    activations: 4 * batchSize * length * Math.max(...family.routes.map((route) => route.reduce((sum, step) => sum + (step.kind === "block" ? keptPerToken(configs[step.anchor]!) : 0), 0))) + LOSS_BYTES,
    evaluation: evaluated.bytes + LOSS_BYTES,
    initialisation: 8 * family.space.stitches.reduce((sum, { kind, front, end }) => sum + (kind === "stitch" ? (configs[front]!.width + 1) * (configs[front]!.width + 1 + configs[end]!.width) : 0), 0),
  };
  const most = PROGRAM_BYTES + bytes.frozen + bytes.stitchingLayers + Math.max(bytes.initialisation, bytes.trained + Math.max(bytes.activations, bytes.evaluation));
  return { family, parameters, trainable, evaluated: evaluated.rows, bytes: { ...bytes, most } };
}

/** Numbers that a layer keeps of a token for the way back: inputs of norms and linears, of attention, the gate and the sums. */
function keptPerToken(config: LlamaConfig): number {
  return 8 * config.width + 2 * keyValueWidth(config) + 3 * config.hidden;
}
