/**
 * @file The tasks `earth-terrain`, `earth-lights`, `earth-height` and `earth-continent`: what other sensors measured at a patch of the
 * Earth, or where it lies, read off its daytime image.
 *
 * Patches come from NASA's Blue Marble (see `earth-patches.ts`). Splits share no block of 8.8°, so that they hold different regions, and
 * all classes are equally frequent.
 */
import { createRng } from "../rng.js";
import { UsageError } from "../checks.js";
import { makeSplit, type ImageSplit, type TaskSplits } from "./dataset.js";
import { balancedChance } from "./balanced-labels.js";
import { continentNames, countriesFile, readContinents, type ContinentAt } from "./earth-continents.js";
import { cutEarthPatches, earthFiles, type EarthPatch } from "./earth-patches.js";
import type { PackageFile } from "./package-file.js";
import { resizeBicubic } from "./resize-bicubic.js";
import type { TaskRecipe } from "./task-recipe.js";

type Split = "train" | "val" | "test";
/** Of every 20 blocks in random order: the first 8 are for training, the next 3 for validation, the others for test. */
const BLOCKS = { cycle: 20, train: 8, val: 3 } as const;

/** Class of a patch, or nothing when it lies between two classes. */
type Labelling = (patch: EarthPatch, continentAt: ContinentAt) => number | undefined;

/** Open water, coast, and land by its relief. */
export const earthTerrain: TaskRecipe = earthTask(
  "earth-terrain",
  "By water mask and topographic map: open water; coast (25–75 % water); plain, hills or mountains by the spread of heights on land; patches between two classes are left out.",
  ["open water", "coast", "plain", "hills", "mountains"],
  ({ water, relief }) => {
    if (water === 1) return 0;
    if (water >= 0.25 && water <= 0.75) return 1;
    if (water > 0.15) return undefined;
    if (relief < 2.5) return 2;
    if (relief >= 4 && relief < 9) return 3;
    return relief >= 13 ? 4 : undefined;
  },
);

/** How much light a patch of land gives at night. */
export const earthLights: TaskRecipe = earthTask(
  "earth-lights",
  "Light of a patch of land in the image of the Earth at night: none, faint, some, bright (about a third, a quarter, a fifth and a fifth of all land).",
  ["none", "faint", "some", "bright"],
  ({ water, light }) => (water > 0.25 ? undefined : light < 0.01 ? 0 : light < 0.25 ? 1 : light < 0.9 ? 2 : 3),
);

/** How high a patch of land lies. */
export const earthHeight: TaskRecipe = earthTask(
  "earth-height",
  "Mean height of a patch of land in the topographic map: low, middling, high, highest (grey levels below 7, 11 to 18, 25 to 42, above 52 of 255); patches between two classes are left out.",
  ["low", "middling", "high", "highest"],
  ({ water, height }) => {
    if (water > 0.25) return undefined;
    if (height < 7) return 0;
    if (height >= 11 && height < 18) return 1;
    if (height >= 25 && height < 42) return 2;
    return height >= 52 ? 3 : undefined;
  },
  { test: 2000, step: 10 },
);

/** On which continent a patch of land lies. */
export const earthContinent: TaskRecipe = earthTask(
  "earth-continent",
  "The continent of the country in which the middle of a patch of land lies; Russia east of 60° E counts as Asia.",
  continentNames,
  ({ water, longitude, latitude }, continentAt) => (water > 0.25 ? undefined : continentAt(longitude, latitude)),
  { test: 1500, step: 10, files: [countriesFile] },
);

interface EarthChoices {
  /** Test pictures. Default 1,000. */
  readonly test?: number;
  /** See {@link cutEarthPatches}. */
  readonly step?: number;
  /** Read besides the four maps. */
  readonly files?: readonly PackageFile[];
}

function earthTask(name: string, label: string, classNames: readonly string[], labelOf: Labelling, { test = 1000, step, files = [] }: EarthChoices = {}): TaskRecipe {
  const counts = { train: 800, val: 200, test };
  return {
    card: {
      name,
      group: "specialised",
      classes: classNames.length,
      classNames,
      source: `NASA Blue Marble, topography and night lights${files.includes(countriesFile) ? ", Natural Earth countries" : ""} in npm package three-globe@2.45.2`,
      licence: `images public domain (NASA, credit asked for)${files.includes(countriesFile) ? ", outlines public domain" : ""}; package MIT`,
      label,
      counts,
      chance: balancedChance(test, classNames.length),
    },
    version: 1,
    sources: [...earthFiles, ...files],
    make: async (imageSize) => {
      const continentAt = files.includes(countriesFile) ? readContinents(name) : () => undefined;
      return dealPatches(name, await cutEarthPatches(name, step), classNames.length, counts, (patch) => labelOf(patch, continentAt), imageSize);
    },
  };
}

/** Deals whole blocks to the splits, the same for all tasks with patches as dense, and takes equally many patches of each class at random. */
function dealPatches(name: string, all: readonly EarthPatch[], classes: number, counts: Readonly<Record<Split, number>>, labelOf: (patch: EarthPatch) => number | undefined, imageSize: number): TaskSplits {
  const rng = createRng(0);
  const patches = withoutRepeats(all);
  const labelled = patches.flatMap((patch) => {
    const label = labelOf(patch);
    return label === undefined ? [] : [{ patch, label }];
  });
  const splitOf = new Map<number, Split>();
  rng
    .stream("earth/blocks")
    .shuffle([...new Set(patches.map((patch) => patch.block))])
    .forEach((block, index) => {
      const turn = index % BLOCKS.cycle;
      splitOf.set(block, turn < BLOCKS.train ? "train" : turn < BLOCKS.train + BLOCKS.val ? "val" : "test");
    });
  const cut = (split: Split): ImageSplit => {
    const stream = rng.stream(`${name}/${split}`);
    const chosen: { readonly patch: EarthPatch; readonly label: number }[] = [];
    for (let label = 0; label < classes; label++) {
      const candidates = stream.shuffle(labelled.filter((one) => one.label === label && splitOf.get(one.patch.block) === split));
      // Where a count is no multiple of the classes, the first ones get one patch more.
      const wanted = Math.ceil((counts[split] - label) / classes);
      if (candidates.length < wanted) throw new UsageError(`task ${name}: ${candidates.length} ${split} patches of class ${label}, expected at least ${wanted}. Run npm ci to install the pinned packages.`);
      chosen.push(...candidates.slice(0, wanted));
    }
    stream.shuffle(chosen);
    return makeSplit(chosen.map(({ patch }) => resizeBicubic(patch.image, imageSize, imageSize).pixels), chosen.map(({ label }) => label));
  };
  return { train: cut("train"), val: cut("val"), test: cut("test") };
}

/** Drops patches that look exactly like another one: stretches of deep sea do. */
function withoutRepeats(patches: readonly EarthPatch[]): EarthPatch[] {
  const looks = new Map(patches.map((patch) => [Buffer.from(patch.image.pixels).toString("latin1"), patch]));
  return [...looks.values()];
}
