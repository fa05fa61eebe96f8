/**
 * @file Trains a stitched family: one stitch a step, drawn by a sampler, scored by the gradients of its own step.
 */
import { choiceProblem, throwProblems, UsageError, wholeNumberProblem } from "../checks.js";
import type { Rng } from "../rng.js";
import { createScoreAverage, importanceVariants, recordScore, type ImportanceVariant } from "../sampling/importance.js";
import { createSampler, samplerProblems, type SamplerSettings } from "../sampling/sampler.js";
import { adamWStep, createAdamWState } from "../tensor/index.js";
import type { AnchorConfig } from "../anchors/anchor.js";
import { hasLora, type TuningMethod } from "../tuning/method.js";
import type { TunedModel } from "../tuning/tuned-model.js";
import { batchOf, disposeBatch, stepsPerEpoch, trainingOrder, type PreparedSplit } from "./batches.js";
import { readCheckpoint, writeCheckpoint, type TrainState } from "./checkpoint.js";
import type { PreparedText } from "./text-batches.js";
import { disposeGradients, importanceScore, stitchGradients } from "./gradients.js";
import { learningRate, type Schedule } from "./schedule.js";

/** Settings of a training run. */
export interface TrainSettings {
  /** Optimizer updates in all. */
  readonly steps: number;
  readonly batchSize: number;
  /** Learning rate over time. */
  readonly schedule: Schedule;
  /** What the schedule counts: epochs (VTAB-1k practice) or steps (short runs; our choice). */
  readonly scheduleUnit: "epoch" | "step";
  /** Decoupled decay of matrices. */
  readonly weightDecay: number;
  readonly sampler: SamplerSettings;
  readonly importance: ImportanceVariant;
}

/** How far a long computation is. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  /** What is being done, and what it shows. */
  readonly label: string;
  /** How much of the whole, of which this is a part, is done, 0–1; where that is known. */
  readonly share?: number;
}

/** How a run is watched, interrupted and resumed. */
export interface TrainOptions {
  readonly rng: Rng;
  /** Stitches to draw from; all adapted ones by default. */
  readonly stitchIds?: readonly number[];
  /** File that keeps the run's state; none by default. */
  readonly checkpoint?: string;
  /** Steps between checkpoints; 100 by default. */
  readonly checkpointEvery?: number;
  /** Names the run's settings in the checkpoint. */
  readonly fingerprint?: string;
  readonly onProgress?: (progress: Progress) => void;
  /** Told after each step; the training waits for it. @param tell - says meanwhile, as progress, what is being done. */
  readonly afterStep?: (state: TrainState, tell: (label: string) => void) => void | Promise<void>;
  /** Stops the run after the current step, its checkpoint written. */
  readonly signal?: AbortSignal;
}

/** Lists what is wrong with the settings, one line a key. */
export function trainProblems(where: string, settings: TrainSettings, method: TuningMethod, stitches: number): string[] {
  const { steps, batchSize, schedule, scheduleUnit, weightDecay, sampler, importance } = settings;
  const problems = [...wholeNumberProblem(where, "steps", steps, 1, Infinity), ...wholeNumberProblem(where, "batchSize", batchSize, 1, Infinity)];
  problems.push(...choiceProblem(where, "scheduleUnit", scheduleUnit, ["epoch", "step"]), ...choiceProblem(where, "importance", importance, importanceVariants));
  if (importance === "merged" && !hasLora(method)) problems.push(`${where}: importance is "merged", expected another score: it is of weights that low-rank updates are folded into, and only method pst with loraTargets other than "none" puts one into every stitch.`);
  if (!(schedule.base > 0)) problems.push(`${where}: learningRate is ${schedule.base}, expected a number above 0.`);
  if (!(weightDecay >= 0)) problems.push(`${where}: weightDecay is ${weightDecay}, expected a number of at least 0.`);
  return [...problems, ...samplerProblems(where, samplerFor(sampler, stitches), stitches)];
}

/** With a bin for each stitch where there are fewer of them than bins. */
function samplerFor(sampler: SamplerSettings, stitches: number): SamplerSettings {
  return { ...sampler, bins: Math.min(sampler.bins, stitches) };
}

/**
 * Trains the model in place and returns what was drawn and scored.
 *
 * Every random choice of step t is a function of the seed and t, so a run taken up from its checkpoint ends in the same bytes.
 *
 * @throws {UsageError} when a setting is wrong, or the loss is not a number (a checkpoint written before stays).
 */
export async function train(model: TunedModel<AnchorConfig>, data: PreparedSplit | PreparedText, settings: TrainSettings, options: TrainOptions): Promise<TrainState> {
  const { rng, checkpoint, checkpointEvery = 100, fingerprint = "", onProgress, signal } = options;
  const stitchIds = options.stitchIds ?? adaptedStitches(model);
  throwProblems(trainProblems("train", settings, model.method, stitchIds.length));
  const sampler = samplerFor(settings.sampler, stitchIds.length);
  const resumed = checkpoint === undefined ? undefined : readCheckpoint(checkpoint, model, fingerprint);
  const state = resumed ?? freshState(stitchIds.length);
  let keptStep = resumed?.step;
  const costs = stitchIds.map((stitchId) => model.family.costs[stitchId]!.flops);
  const draw = createSampler(sampler, costs, Math.max(...model.family.costs.slice(0, model.family.configs.length).map(({ flops }) => flops)));
  const order = trainingOrder(data.count, settings.batchSize, rng);
  const tell = (label: string): void => onProgress?.({ done: state.step, total: settings.steps, label });
  const unit = settings.scheduleUnit === "epoch" ? stepsPerEpoch(data.count, settings.batchSize) : 1;
  while (state.step < settings.steps) {
    if (signal?.aborted === true) break;
    const { step, average } = state;
    const place = draw.draw({ step, steps: settings.steps, average }, rng.stream(`sampler/${step}`));
    const stitchId = stitchIds[place]!;
    const batch = batchOf(data, order(step));
    const result = stitchGradients(model, stitchId, batch);
    if (!Number.isFinite(result.loss)) throw lossProblem(result.loss, step, stitchId, rng.seed, settings, checkpoint, keptStep);
    recordScore(average, place, importanceScore(settings.importance, model, stitchId, batch, result, () => rng.stream(`importance/${step}`).uniform()), sampler.beta);
    adamWStep(model.trainable, result.gradients, state.optimizer, { learningRate: learningRate(Math.floor(step / unit), settings.schedule), weightDecay: settings.weightDecay });
    disposeGradients(result);
    disposeBatch(batch);
    state.drawn.push(stitchId);
    state.losses.push(result.loss);
    state.step = step + 1;
    if (checkpoint !== undefined && state.step % checkpointEvery === 0) {
      writeCheckpoint(checkpoint, model, state, fingerprint);
      keptStep = state.step;
    }
    tell(`loss ${recentMean(state.losses).toFixed(3)}`);
    await options.afterStep?.(state, tell);
    await new Promise((resolve) => setImmediate(resolve)); // an interrupt is seen between any two steps
  }
  if (checkpoint !== undefined && state.step % checkpointEvery !== 0) writeCheckpoint(checkpoint, model, state, fingerprint);
  return state;
}

/** Ids of the stitches that a model adapts: all, or one anchor alone. */
export function adaptedStitches({ partition }: Pick<TunedModel, "partition">): number[] {
  return partition.flatMap((trainables, stitchId) => (trainables.length > 0 ? [stitchId] : []));
}

function freshState(stitches: number): TrainState {
  return { step: 0, optimizer: createAdamWState(), average: createScoreAverage(stitches), drawn: [], losses: [] };
}

function recentMean(losses: readonly number[]): number {
  const recent = losses.slice(-20);
  return recent.reduce((sum, loss) => sum + loss, 0) / recent.length;
}

function lossProblem(loss: number, step: number, stitchId: number, seed: number, settings: TrainSettings, checkpoint: string | undefined, keptStep: number | undefined): UsageError {
  const kept = checkpoint === undefined ? "No checkpoint was asked for." : keptStep === undefined ? "No checkpoint was written yet." : `The last checkpoint, after ${keptStep} steps, is ${checkpoint}.`;
  return new UsageError(`train: loss is ${loss} at step ${step} (stitch ${stitchId}, seed ${seed}, learning rate ${settings.schedule.base}), expected a finite number: lower the learning rate. ${kept}`);
}
