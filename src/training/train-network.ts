/**
 * @file Trains all weights of one network, step by step: what pretraining on images and on text share.
 */
import type { HostTensor } from "../anchors/parameters.js";
import { UsageError } from "../checks.js";
import { createScoreAverage } from "../sampling/importance.js";
import { adamWStep, createAdamWState, tf, type AdamWSettings, type Variable } from "../tensor/index.js";
import { readCheckpoint, writeCheckpoint, type TrainState } from "./checkpoint.js";
import { disposeGradients, type LossAndGradients } from "./gradients.js";
import { learningRate, type Schedule } from "./schedule.js";
import type { Progress } from "./train.js";

/** Steps, learning rate over them, and AdamW's other settings. */
export interface NetworkRecipe extends Omit<AdamWSettings, "learningRate"> {
  readonly steps: number;
  readonly schedule: Schedule;
}

/** How the training is watched, interrupted and resumed. */
export interface NetworkOptions {
  /** File that keeps the run's state; none by default. */
  readonly checkpoint?: string;
  /** Steps between checkpoints; 200 by default. */
  readonly checkpointEvery?: number;
  /** Names the run's settings in the checkpoint. */
  readonly fingerprint: string;
  readonly onProgress?: (progress: Progress) => void;
  /** Stops the run after the current step. */
  readonly signal?: AbortSignal;
}

/** Variables that start from these values; the caller disposes them. */
export function variablesOf(values: Readonly<Record<string, HostTensor>>): Record<string, Variable> {
  return Object.fromEntries(Object.entries(values).map(([name, { shape, data }]) => [name, tf.tidy(() => tf.keep(tf.variable(tf.tensor(data, [...shape], "float32"))))]));
}

/** Where the run's checkpoint left it, the variables set to it; the beginning where there is none. */
export function networkState(trainable: Readonly<Record<string, Variable>>, { checkpoint, fingerprint }: Pick<NetworkOptions, "checkpoint" | "fingerprint">): TrainState {
  const kept = checkpoint === undefined ? undefined : readCheckpoint(checkpoint, { trainable }, fingerprint);
  return kept ?? { step: 0, optimizer: createAdamWState(), average: createScoreAverage(0), drawn: [], losses: [] };
}

/**
 * Trains the variables in place, and moves the state on with them.
 *
 * @param where - who trains, for the message.
 * @param gradientsAt - loss and gradients of a step's batch.
 * @throws {UsageError} when the loss is not a number.
 */
export async function trainNetwork(
  where: string, trainable: Readonly<Record<string, Variable>>, state: TrainState, gradientsAt: (step: number) => LossAndGradients,
  { steps, schedule, ...adamW }: NetworkRecipe, { checkpoint, checkpointEvery = 200, fingerprint, onProgress, signal }: NetworkOptions,
): Promise<void> {
  while (state.step < steps && signal?.aborted !== true) {
    const result = gradientsAt(state.step);
    if (!Number.isFinite(result.loss)) throw new UsageError(`${where}: loss is ${result.loss} at step ${state.step} (learning rate ${schedule.base}), expected a finite number: lower the learning rate.`);
    adamWStep(trainable, result.gradients, state.optimizer, { ...adamW, learningRate: learningRate(state.step, schedule) });
    disposeGradients(result);
    state.losses.push(result.loss);
    state.step += 1;
    if (checkpoint !== undefined && state.step % checkpointEvery === 0) writeCheckpoint(checkpoint, { trainable }, state, fingerprint);
    const recent = state.losses.slice(-50);
    onProgress?.({ done: state.step, total: steps, label: `loss ${(recent.reduce((sum, loss) => sum + loss, 0) / recent.length).toFixed(3)}` });
    await new Promise((resolve) => setImmediate(resolve)); // an interrupt is seen between any two steps
  }
}
