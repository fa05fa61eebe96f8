/**
 * @file Makes a task of rendered scenes: balanced labels, for each a scene that has it, 800 / 200 / 2,000 pictures.
 */
import { createRng, type RandomStream } from "../../rng.js";
import { balancedChance, balancedLabels } from "../balanced-labels.js";
import { makeSplit, type ImageSplit, type TaskSplits } from "../dataset.js";
import type { TaskRecipe } from "../task-recipe.js";
import { renderScene } from "./render-scene.js";
import type { Scene } from "./scene.js";

const COUNTS = { train: 800, val: 200, test: 2000 } as const;
/** Name of a split. */
export type SplitName = keyof typeof COUNTS;

/** What a task of scenes is about. */
export interface SceneTask {
  readonly name: string;
  /** What a label means, in a sentence. */
  readonly label: string;
  /** In the order of the labels. */
  readonly classNames: readonly string[];
  readonly version: number;
  /** Draws a scene with the label; undefined when the draw led nowhere and must be repeated. */
  draw(label: number, stream: RandomStream, split: SplitName): Scene | undefined;
}

/**
 * The recipe of a task of scenes.
 *
 * Scenes and labels do not depend on the size of the pictures; splits have streams of their own, so that no scene occurs twice.
 */
export function sceneTask(task: SceneTask): TaskRecipe {
  const { name, label, classNames, version } = task;
  return {
    card: {
      name,
      group: "structured",
      classes: classNames.length,
      classNames,
      source: "rendered by the kit",
      licence: "MIT (the kit's own)",
      label,
      counts: COUNTS,
      chance: balancedChance(COUNTS.test, classNames.length),
    },
    version,
    sources: [],
    make: async (imageSize) => renderSplits(task, imageSize),
  };
}

function renderSplits(task: SceneTask, imageSize: number): TaskSplits {
  const split = (name: SplitName): ImageSplit => {
    const scenes = drawScenes(task, name, COUNTS[name]);
    const noise = createRng(0).stream(`${task.name}/${name}/noise`);
    return makeSplit(
      scenes.map(({ scene }) => renderScene(scene, imageSize, noise)),
      scenes.map(({ label }) => label),
    );
  };
  return { train: split("train"), val: split("val"), test: split("test") };
}

/** Draws the first `count` scenes of a split; the labels of a full split are balanced. */
export function drawScenes(task: SceneTask, split: SplitName, count: number): { readonly scene: Scene; readonly label: number }[] {
  const stream = createRng(0).stream(`${task.name}/${split}`);
  return balancedLabels(COUNTS[split], task.classNames.length, stream).slice(0, count).map((label) => {
    for (;;) {
      const scene = task.draw(label, stream, split);
      if (scene !== undefined) return { scene, label };
    }
  });
}
