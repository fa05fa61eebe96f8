/**
 * @file The tasks `smallnorb-like-azimuth` and `smallnorb-like-elevation`: how a toy on a table is turned, and from how high it is seen.
 *
 * The factors of smallNORB: five categories, 18 azimuths 20° apart, 9 elevations from 30° to 70°, 6 lightings, grey pictures on a plain
 * ground; training and test show different toys. Labels as in VTAB's two tasks. The toys and their number are our choice.
 * Source: `task_adaptation/data/smallnorb.py`, at d2a72ed.
 */
import { createRng, type RandomStream } from "../../rng.js";
import type { TaskRecipe } from "../task-recipe.js";
import { between, oneOf, somewhere } from "./draws.js";
import { sceneTask, type SceneTask, type SplitName } from "./scene-task.js";
import type { Light, Scene, Vector } from "./scene.js";
import { placed } from "./solid-group.js";
import { drawToy, toyCategories } from "./toys.js";

const AZIMUTHS = 18;
const ELEVATIONS = 9;
/** Toys of each category in each split. */
const TOYS: Readonly<Record<SplitName, number>> = { train: 10, val: 5, test: 10 };
const LIGHTINGS: readonly Light[] = Array.from({ length: 6 }, (_, index) => ({
  direction: [Math.cos(index * 1.05 + 0.4), [0.8, 1.6][index % 2]!, Math.sin(index * 1.05 + 0.4)],
  strength: [0.9, 0.6, 1.1][index % 3]!,
  ambient: [0.3, 0.45][index % 2]!,
}));

/** Label 0 … 17 is an azimuth of 0°, 20° … 340°. */
export const azimuthScenes: SceneTask = {
  name: "smallnorb-like-azimuth",
  label: "Azimuth of the toy, 18 angles 20° apart (VTAB's smallNORB azimuth task); category, toy, elevation and lighting are nuisances.",
  classNames: Array.from({ length: AZIMUTHS }, (_, index) => `${index * 20}°`),
  version: 1,
  draw: (label, stream, split) => toyScene(label, stream.integer(ELEVATIONS), split, stream),
};

/** Label 0 … 8 is an elevation of 30°, 35° … 70°. */
export const elevationScenes: SceneTask = {
  name: "smallnorb-like-elevation",
  label: "Elevation of the camera above the table, 9 angles from 30° to 70° (VTAB's smallNORB elevation task); category, toy, azimuth and lighting are nuisances.",
  classNames: Array.from({ length: ELEVATIONS }, (_, index) => `${30 + index * 5}°`),
  version: 1,
  draw: (label, stream, split) => toyScene(stream.integer(AZIMUTHS), label, split, stream),
};

/** 18 classes, balanced. */
export const smallnorbAzimuth: TaskRecipe = sceneTask(azimuthScenes);

/** Nine classes, balanced. */
export const smallnorbElevation: TaskRecipe = sceneTask(elevationScenes);

/** One of the split's toys, a little off the middle and of varying size, under one of six lightings. */
function toyScene(azimuth: number, elevation: number, split: SplitName, stream: RandomStream): Scene {
  const category = oneOf(toyCategories, stream);
  const toy = drawToy(category, createRng(0).stream(`toys/${split}/${category}/${stream.integer(TOYS[split])}`));
  const centre: Vector = [between(-0.12, 0.12, stream), 0, between(-0.12, 0.12, stream)];
  const angle = ((30 + 5 * elevation) * Math.PI) / 180;
  const far = 7;
  const grey = between(0.45, 0.9, stream);
  return {
    solids: placed(toy, { centre, scale: between(0.85, 1.05, stream), turn: (azimuth * 2 * Math.PI) / AZIMUTHS }),
    ground: { colour: [grey, grey, grey], texture: { kind: "blotches", colour: [grey - 0.08, grey - 0.08, grey - 0.08], size: 0.8, origin: somewhere(stream) } },
    sky: [[0.5, 0.5, 0.5], [0.5, 0.5, 0.5]],
    light: oneOf(LIGHTINGS, stream),
    camera: { eye: [0, 0.4 + far * Math.sin(angle), far * Math.cos(angle)], target: [0, 0.4, 0], width: 0.34, height: 0.34 },
    grey: true,
    noise: between(1, 5, stream),
  };
}
