/**
 * @file The state of a training run in one file: trainables, optimizer moments and score averages; restored to the byte.
 */
import { existsSync } from "node:fs";
import { readSafetensors, writeSafetensors } from "../anchors/safetensors.js";
import type { HostTensor } from "../anchors/parameters.js";
import { UsageError } from "../checks.js";
import type { ScoreAverage } from "../sampling/importance.js";
import { createAdamWState, tf, type AdamWState } from "../tensor/index.js";
import type { TunedModel } from "../tuning/tuned-model.js";

/** What changes as a run advances, beside the trainables themselves. */
export interface TrainState {
  /** Steps done. */
  step: number;
  readonly optimizer: AdamWState;
  readonly average: ScoreAverage;
  /** Stitch drawn and loss before the update, of every step done. */
  readonly drawn: number[];
  readonly losses: number[];
}

interface StoredProgress {
  readonly fingerprint: string;
  readonly step: number;
  readonly optimizerSteps: Readonly<Record<string, number>>;
  readonly average: ScoreAverage;
  readonly drawn: readonly number[];
  readonly losses: readonly number[];
}

/** Writes a checkpoint whole or not at all. @param fingerprint - names the run's settings; another run's checkpoint is not taken. */
export function writeCheckpoint(path: string, { trainable }: Pick<TunedModel, "trainable">, state: TrainState, fingerprint: string): void {
  const tensors: Record<string, HostTensor> = {};
  for (const [name, variable] of Object.entries(trainable)) tensors[`value.${name}`] = { shape: variable.shape, data: variable.dataSync() as Float32Array };
  const optimizerSteps: Record<string, number> = {};
  for (const [name, { steps, firstMoment, secondMoment }] of state.optimizer) {
    optimizerSteps[name] = steps;
    tensors[`first.${name}`] = { shape: [firstMoment.length], data: firstMoment };
    tensors[`second.${name}`] = { shape: [secondMoment.length], data: secondMoment };
  }
  const { step, average, drawn, losses } = state;
  const progress: StoredProgress = { fingerprint, step, optimizerSteps, average, drawn, losses };
  writeSafetensors(path, tensors, { metadata: { progress: JSON.stringify(progress) } });
}

/**
 * Takes a run up where its checkpoint left it: sets the model's trainables and returns the state, or nothing where there
 * is no checkpoint of this run.
 *
 * @throws {UsageError} when the file is damaged.
 */
export function readCheckpoint(path: string, { trainable }: Pick<TunedModel, "trainable">, fingerprint: string): TrainState | undefined {
  if (!existsSync(path)) return undefined;
  const { tensors, metadata } = readSafetensors(path);
  const progress = storedProgress(path, metadata["progress"]);
  if (progress.fingerprint !== fingerprint) return undefined;
  const data = (name: string): Float32Array => {
    const tensor = tensors.get(name);
    if (!(tensor?.data instanceof Float32Array)) throw damaged(path, `tensor ${name} is missing`);
    return tensor.data;
  };
  for (const [name, variable] of Object.entries(trainable)) {
    const stored = data(`value.${name}`);
    if (stored.length !== variable.size) throw damaged(path, `tensor value.${name} holds ${stored.length} values, expected ${variable.size}`);
    const value = tf.tensor(new Float32Array(stored), variable.shape, "float32");
    variable.assign(value);
    value.dispose();
  }
  const optimizer = createAdamWState();
  for (const [name, steps] of Object.entries(progress.optimizerSteps)) {
    optimizer.set(name, { steps, firstMoment: new Float32Array(data(`first.${name}`)), secondMoment: new Float32Array(data(`second.${name}`)) });
  }
  const { step, average, drawn, losses } = progress;
  return { step, optimizer, average: { rawAverage: [...average.rawAverage], visits: [...average.visits] }, drawn: [...drawn], losses: [...losses] };
}

function storedProgress(path: string, text: string | undefined): StoredProgress {
  try {
    return JSON.parse(text ?? "") as StoredProgress;
  } catch {
    throw damaged(path, "its progress record cannot be read");
  }
}

function damaged(path: string, what: string): UsageError {
  return new UsageError(`readCheckpoint ${path}: ${what}, expected a complete checkpoint: delete the file to start this run again.`);
}
