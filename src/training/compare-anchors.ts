/**
 * @file What anchors are worth on tasks they never saw: each one alone, frozen under a linear probe and adapted with PST's tensors, under one recipe.
 */
import type { LoadedAnchor } from "../anchors/load-weights.js";
import { vitModules } from "../anchors/vit-shape.js";
import type { Dataset } from "../datasets/dataset.js";
import { createRng } from "../rng.js";
import { defaultSampler } from "../sampling/sampler.js";
import { defaultPst } from "../tuning/method.js";
import { adapt, type AdaptSettings, type AnchorFamily, type HeadStart } from "./adapt.js";
import { prepareSplit } from "./batches.js";
import { linearProbe } from "./linear-probe.js";
import { randomParameters } from "./pretrain.js";
import { scaledSchedule } from "./schedule.js";
import type { Progress } from "./train.js";

/** The recipe, the same for every anchor and task. A type, not an interface: plain data for JSON. */
export type CompareRecipe = {
  readonly steps: number;
  readonly batchSize: number;
  /** Peak learning rate of PST's tensors; warm-up over a tenth of the steps, cosine to a hundredth of it. */
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly headStart: HeadStart;
  /** First test images of each task; all where there are fewer. */
  readonly testImages: number;
  readonly seed: number;
};

/** Eight epochs of a task's 800 images, at the rate and from the heads that the laptop profile uses (our choice). */
export const defaultCompare: CompareRecipe = { steps: 200, batchSize: 32, learningRate: 3e-3, weightDecay: 1e-4, headStart: "probe", testImages: 1000, seed: 0 };

/** One anchor on one task, accuracies in 0–1 on the test images. A type, not an interface: plain data for JSON. */
export type ComparedAnchor = {
  readonly anchorId: string;
  /** The sha256 of its file, or what else names the weights. */
  readonly weights: string;
  readonly task: string;
  /** Of the task's pictures and labels. */
  readonly taskSha256: string;
  /** Logistic regression on the frozen class token. */
  readonly probeTop1: number;
  /** Adapted alone. */
  readonly adaptedTop1: number;
};

export interface CompareOptions {
  /** Rows that are there already: the same anchor, weights and task are not measured again. */
  readonly known: readonly ComparedAnchor[];
  /** Told after each new row all rows so far, to be kept. */
  readonly onRow: (rows: readonly ComparedAnchor[]) => void;
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}

/** The same architectures with random weights, as pretraining starts from: of one seed, so the anchors share random numbers. */
export function withRandomWeights(family: AnchorFamily, seed: number): AnchorFamily {
  const anchors = family.anchors.map((anchor) => ({ ...anchor, parameters: randomParameters(vitModules(anchor.config), createRng(seed)), sha256: `random, seed ${seed}` }));
  return { ...family, anchors };
}

/**
 * Measures every anchor of every family on every task; families are the same architectures with other weights.
 *
 * @param loadTask - called when a task's turn comes, with test images cut as the recipe says.
 * @returns the rows by task, then family, then anchor; where `signal` is set off, those so far.
 */
export async function compareAnchors(families: readonly AnchorFamily[], tasks: readonly string[], loadTask: (task: string) => Promise<Dataset>, recipe: CompareRecipe, options: CompareOptions): Promise<ComparedAnchor[]> {
  const { known, onRow, onProgress, signal } = options;
  const rows: ComparedAnchor[] = [];
  const total = tasks.length * families.reduce((sum, { anchors }) => sum + anchors.length, 0);
  for (const name of tasks) {
    const task = await loadTask(name);
    for (const family of families) {
      for (const [index, { anchorId, sha256 }] of family.anchors.entries()) {
        if (signal?.aborted === true) return rows;
        const there = known.find((row) => row.anchorId === anchorId && row.weights === sha256 && row.taskSha256 === task.sha256);
        const row = there ?? (await measure(family, index, task, recipe, signal));
        if (row === undefined) return rows;
        rows.push(row);
        if (there === undefined) onRow(rows);
        onProgress?.({ done: rows.length, total, label: `${name}, ${anchorId}: ${(100 * row.adaptedTop1).toFixed(1)} %` });
      }
    }
  }
  return rows;
}

/** One row, or nothing where `signal` stopped it. */
async function measure(family: AnchorFamily, index: number, task: Dataset, recipe: CompareRecipe, signal: AbortSignal | undefined): Promise<ComparedAnchor | undefined> {
  const { anchorId, sha256 } = family.anchors[index]!;
  const probeTop1 = probe(family.anchors[index]!, task, family);
  try {
    const { outcomes } = await adapt(family, task, settingsOf(recipe, index), { seed: recipe.seed, ...(signal === undefined ? {} : { signal }) });
    return { anchorId, weights: sha256, task: task.name, taskSha256: task.sha256, probeTop1, adaptedTop1: outcomes[0]!.top1 };
  } catch (error) {
    if (signal?.aborted === true) return undefined;
    throw error;
  }
}

function probe(anchor: LoadedAnchor, { train, test, imageSize, classes }: Dataset, { normalisation }: AnchorFamily): number {
  return linearProbe(anchor, prepareSplit(train, imageSize, normalisation), prepareSplit(test, imageSize, normalisation), classes);
}

function settingsOf({ steps, batchSize, learningRate: base, weightDecay, headStart }: CompareRecipe, anchorAlone: number): AdaptSettings {
  return {
    method: defaultPst,
    anchorAlone,
    initialImages: 1,
    headStart,
    train: {
      steps, batchSize, weightDecay, scheduleUnit: "step",
      schedule: scaledSchedule(steps, Math.round(steps / 10), base),
      sampler: { ...defaultSampler, kind: "uniform" },
      importance: "loss",
    },
  };
}
