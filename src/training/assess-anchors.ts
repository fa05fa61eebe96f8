/**
 * @file What pretraining is worth: each anchor on tasks it never saw, against the same architecture from random weights.
 */
import type { LoadedAnchor } from "../anchors/load-weights.js";
import { vitModules } from "../anchors/vit-shape.js";
import type { Dataset } from "../datasets/dataset.js";
import { createRng } from "../rng.js";
import { defaultSampler } from "../sampling/sampler.js";
import { adapt, type AnchorFamily } from "./adapt.js";
import { prepareSplit } from "./batches.js";
import { linearProbe } from "./linear-probe.js";
import { randomParameters } from "./pretrain.js";
import type { Progress } from "./train.js";

/** One anchor on one task, accuracies in 0–1 on the test split. */
export interface Assessment {
  readonly anchorId: string;
  readonly weights: "pretrained" | "random";
  readonly task: string;
  /** Logistic regression on the frozen class token. */
  readonly probeTop1: number;
  /** Full fine-tuning. */
  readonly fineTunedTop1: number;
}

/** Tasks of the model card: three of real images, one rendered; none of them upstream. */
export const assessmentTasks: readonly string[] = ["digits", "emoji-category", "earth-terrain", "dsprites-like-location"];

/** First test images of each task that the card uses. */
export const assessmentImages = 1000;

/** Steps, batch and learning rate of the fine-tuning, the same for pretrained and random weights (our choice). */
export const assessmentRecipe = { steps: 150, batchSize: 32, learningRate: 5e-4, weightDecay: 1e-4 } as const;

/** Probes and fine-tunes every anchor on every task, from its own and from random weights. */
export async function assessAnchors(family: AnchorFamily, tasks: readonly Dataset[], seed: number, onProgress?: (progress: Progress) => void): Promise<Assessment[]> {
  const assessments: Assessment[] = [];
  const total = tasks.length * family.anchors.length * 2;
  for (const weights of ["pretrained", "random"] as const) {
    for (const [index, anchor] of family.anchors.entries()) {
      const start = weights === "pretrained" ? anchor : { ...anchor, parameters: randomParameters(vitModules(anchor.config), createRng(seed)) };
      for (const task of tasks) {
        assessments.push(await assess(family, start, index, weights, task, seed));
        onProgress?.({ done: assessments.length, total, label: `${anchor.anchorId}, ${weights}, ${task.name}` });
      }
    }
  }
  return assessments;
}

async function assess(family: AnchorFamily, anchor: LoadedAnchor, index: number, weights: Assessment["weights"], task: Dataset, seed: number): Promise<Assessment> {
  const prepare = (split: Dataset["train"]) => prepareSplit(split, task.imageSize, family.normalisation);
  const probeTop1 = linearProbe(anchor, prepare(task.train), prepare(task.test), task.classes);
  const { steps, batchSize, learningRate: base, weightDecay } = assessmentRecipe;
  const { outcomes } = await adapt(
    { ...family, anchors: family.anchors.map((other, place) => (place === index ? anchor : other)) },
    task,
    {
      method: { kind: "full" },
      anchorAlone: index,
      initialImages: 1,
      train: { steps, batchSize, weightDecay, schedule: { length: steps, warmup: steps / 10, base, warmupStart: 1e-6, minimum: base / 100 }, scheduleUnit: "step", sampler: { ...defaultSampler, kind: "uniform" }, importance: "loss" },
    },
    { seed },
  );
  return { anchorId: anchor.anchorId, weights, task: task.name, probeTop1, fineTunedTop1: outcomes[0]!.top1 };
}
