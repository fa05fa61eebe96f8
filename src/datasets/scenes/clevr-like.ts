/**
 * @file The tasks `clevr-like-count` and `clevr-like-distance`: how many objects stand on the table, and how far the closest is.
 *
 * VTAB's definitions of its two CLEVR tasks on scenes of our own. Source: `task_adaptation/data/clevr.py`, at d2a72ed.
 */
import { clevrScene } from "./clevr-scene.js";
import { sceneTask, type SceneTask } from "./scene-task.js";
import type { TaskRecipe } from "../task-recipe.js";

const FEWEST = 3;
const MOST = 10;
/** Depths between VTAB's classes; the closest object of the outer classes is no nearer or farther than the ends here (our choice). */
const DEPTHS = [7, 8, 8.5, 9, 9.5, 10, 11.5] as const;

/** Label 0 … 7 is 3 … 10 objects. */
export const countScenes: SceneTask = {
  name: "clevr-like-count",
  label: "Number of objects on the table, 3 to 10 (VTAB's CLEVR count task).",
  classNames: Array.from({ length: MOST - FEWEST + 1 }, (_, index) => `${FEWEST + index} objects`),
  version: 1,
  draw: (label, stream) => clevrScene(FEWEST + label, stream),
};

/** Label 0 … 5 is the interval of the closest object's depth; the number of objects is drawn without regard to it. */
export const distanceScenes: SceneTask = {
  name: "clevr-like-distance",
  label: "Depth of the closest object's middle along the camera's axis: up to 8, 8.5, 9, 9.5, 10, or beyond (VTAB's CLEVR distance task and thresholds).",
  classNames: ["up to 8", "8 to 8.5", "8.5 to 9", "9 to 9.5", "9.5 to 10", "beyond 10"],
  version: 1,
  draw: (label, stream) => {
    // As many objects in every class: a scene that finds no room is drawn again with the same number.
    const count = FEWEST + stream.integer(MOST - FEWEST + 1);
    for (;;) {
      const scene = clevrScene(count, stream, [DEPTHS[label]!, DEPTHS[label + 1]!]);
      if (scene !== undefined) return scene;
    }
  },
};

/** 3 to 10 objects, balanced. */
export const clevrCount: TaskRecipe = sceneTask(countScenes);

/** Six intervals of depth, balanced. */
export const clevrDistance: TaskRecipe = sceneTask(distanceScenes);
