/**
 * @file The task `typeface-letters`: which capital letter is seen, in typefaces that were not seen in training.
 *
 * Fourteen typefaces that come with KaTeX, from typewriter to blackletter and script, in any two colours, sizes and poses.
 * (The upstream data's glyphs are invented; no letter is among them but by accident.)
 */
import { Resvg } from "@resvg/resvg-js";
import { createRng, type RandomStream } from "../rng.js";
import { balancedChance, balancedLabels } from "./balanced-labels.js";
import { addNoise, collageSide, contrastingColours, finishCollage, gradientBackground, nearbyColour, paste, type CutOut, type Rgb } from "./collage.js";
import { makeSplit, type ImageSplit, type TaskSplits } from "./dataset.js";
import { packagePath, readPackageFile, type PackageFile } from "./package-file.js";
import type { TaskRecipe } from "./task-recipe.js";

const NAME = "typeface-letters";
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const COUNTS = { train: 800, val: 200, test: 2000 } as const;
type Split = keyof typeof COUNTS;
/** Side of the square in which a letter is rendered, and the size of its type, in pixels. */
const SQUARE = 64;
const TYPE_SIZE = 44;

const font = (name: string, bytes: number, sha256: string): PackageFile => ({ package: "katex", version: "0.16.22", path: `dist/fonts/KaTeX_${name}.ttf`, bytes, sha256 });

/** The typefaces of each split; of those in test, two are of a kind of their own and four are bolder than one in training. */
const TYPEFACES: Readonly<Record<Split, readonly PackageFile[]>> = {
  train: [
    font("Main-Regular", 53580, "d0332f52868370fd83ae7fa46470f90c8f2eab2fcf12bc4f88080b340c95a830"),
    font("Main-BoldItalic", 32968, "70ee1f64a20f2048c21940ef46d0144fd215baa953ca69afd1e31e98544f708f"),
    font("SansSerif-Italic", 22364, "3931dd81faed86ba021bb2bbdc36f5bed9a38d6b4f4077aca59b265aa1b02083"),
    font("Typewriter-Regular", 27556, "f01f3e87d9c6a61c0c081ceb577abd864eb00a612f7ac1620dd6915fad2ef5aa"),
    font("Caligraphic-Regular", 12344, "ed0b74372feefcbb9c0666b2e210da37b7e49fa7fbbf3eeb11db5f693dacfbb7"),
    font("Fraktur-Regular", 19572, "1e6f9579e90e2cac37f8f60a597c436e075c114385652b7cbeb0dec0421291b3"),
  ],
  val: [
    font("Main-Italic", 33580, "0d85ae7cc30f23790a7f1a58c4a112fdca8aae769b6ba11429af1d98b1b6cb3a"),
    font("SansSerif-Regular", 19436, "f36ea897e19f4a2e571d1e900e4e3710e438deb05a842486045ba0a3e616a4ad"),
  ],
  test: [
    font("Main-Bold", 51336, "138ac28d1663b3037e9c5f52371fa5c63d8324f4a38d22cd573e6ea3a3fd0cf8"),
    font("SansSerif-Bold", 24504, "1ece03f79f95277d57dc7f6b435a74e1379b0d46104a8530286b60ff49369ea0"),
    font("Caligraphic-Bold", 12368, "07d8e303ce4fc12b4bb54f1004170dd190a1f3db45d400fe68060df3e0897268"),
    font("Fraktur-Bold", 19584, "9163df9c7122432e6495b4229fa9071cf9ae86a758ae5efc4924ec2e1a6dbce1"),
    font("Script-Regular", 16648, "1c67f068fea8bb09bf099c088b1cf64bd27516a6e07f4684344873564bb66a67"),
    font("AMS-Regular", 63632, "68534840bcfdd2bffb6f0e8deb48684dd01e7f04ea2813267577afb906de1d13"),
  ],
};

/** Capital letters, balanced. */
export const typefaceLetters: TaskRecipe = {
  card: {
    name: NAME,
    group: "natural",
    classes: LETTERS.length,
    classNames: [...LETTERS],
    source: "typefaces in npm package katex@0.16.22, coloured and posed by the kit",
    licence: "typefaces SIL Open Font License 1.1 (Design Science, Khan Academy); package MIT",
    label: "The capital letter.",
    counts: COUNTS,
    chance: balancedChance(COUNTS.test, LETTERS.length),
  },
  version: 1,
  sources: [...TYPEFACES.train, ...TYPEFACES.val, ...TYPEFACES.test],
  make: async (imageSize) => printLetters(imageSize),
};

function printLetters(imageSize: number): TaskSplits {
  const rng = createRng(0);
  const printed = (split: Split): ImageSplit => {
    const stream = rng.stream(`${NAME}/${split}`);
    const covers = TYPEFACES[split].map((typeface) => letterCovers(typeface));
    const labels = balancedLabels(COUNTS[split], LETTERS.length, stream);
    return makeSplit(labels.map((label) => finishCollage(poseLetter(covers[stream.integer(covers.length)]![label]!, stream), imageSize)), labels);
  };
  return { train: printed("train"), val: printed("val"), test: printed("test") };
}

function poseLetter(cover: Uint8Array, stream: RandomStream): Float32Array {
  const between = (low: number, high: number): number => low + (high - low) * stream.uniform();
  const [ground, ink] = contrastingColours(between(55, 140), stream);
  const collage = gradientBackground(nearbyColour(ground, 35, stream), nearbyColour(ground, 35, stream), stream);
  const scaleY = between(0.8, 1.4);
  const middle = (): number => collageSide / 2 + between(-6, 6);
  paste(collage, inked(cover, ink), { x: middle(), y: middle(), scaleX: scaleY * between(0.8, 1.1), scaleY, angle: between(-0.3, 0.3), slant: between(-0.25, 0.25) });
  addNoise(collage, between(4, 24), stream);
  return collage;
}

function inked(cover: Uint8Array, [red, green, blue]: Rgb): CutOut {
  const rgba = new Uint8Array(SQUARE * SQUARE * 4);
  cover.forEach((value, i) => rgba.set([red, green, blue, value], i * 4));
  return { width: SQUARE, height: SQUARE, rgba };
}

/** Renders every letter of a typeface: how much of each pixel of the square it covers, 0 to 255. */
function letterCovers(typeface: PackageFile): Uint8Array[] {
  readPackageFile(NAME, typeface);
  const fontFiles = [packagePath(NAME, typeface.package, typeface.version, typeface.path)];
  const [family, style] = /([^/]*)\.ttf$/.exec(typeface.path)![1]!.split("-") as [string, string];
  const look = `font-family="${family}" font-weight="${style.includes("Bold") ? "bold" : "normal"}" font-style="${style.includes("Italic") ? "italic" : "normal"}"`;
  return Array.from(LETTERS, (letter) => {
    const text = `<text x="${SQUARE / 2}" y="${SQUARE / 2 + 0.34 * TYPE_SIZE}" text-anchor="middle" font-size="${TYPE_SIZE}" ${look}>${letter}</text>`;
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${SQUARE}" height="${SQUARE}">${text}</svg>`;
    const { pixels } = new Resvg(svg, { font: { fontFiles, loadSystemFonts: false, defaultFontFamily: family } }).render();
    return Uint8Array.from({ length: SQUARE * SQUARE }, (_, i) => pixels[i * 4 + 3]!);
  });
}
