/**
 * @file Golden values of a real vision transformer on pictures given by formulas.
 */
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { loadWeights, type LoadedAnchor } from "../../anchors/load-weights.js";
import { disposeTree, toTree, treeView } from "../../anchors/parameters.js";
import { families } from "../../anchors/registry.js";
import { vitActivations, vitClassToken, vitHead, vitNorm } from "../../anchors/vit.js";
import { UsageError } from "../../checks.js";
import { tf } from "../../tensor/index.js";
import { exactError, larger, tensorError } from "./comparison.js";
import { floatsOf, valuesOf } from "./engine-values.js";
import { caseTensors, fileNames, namedTensor, type GoldenCase } from "./golden-case.js";
import type { GoldenReport } from "./golden-report.js";
import type { JsonNode } from "./json-node.js";
import { parseFormula } from "./formula.js";
import { weightFolders } from "./places.js";
import { tolerances } from "./tolerances.js";

/** Compares logits, their order, and the class token along the network; skipped where the weights are absent. */
export async function runVitTiny(golden: GoldenCase, report: GoldenReport): Promise<void> {
  const name = basename(golden.manifest.get("weights").string());
  const besideGoldens = join(dirname(golden.folder), "..", "data", "weights");
  const path = [besideGoldens, ...weightFolders].map((folder) => join(folder, name)).find((candidate) => existsSync(candidate));
  if (path === undefined) {
    report.skip(golden.name, `its weights, ${name}, are not in ${weightFolders.join(" or ")}`);
    return;
  }
  await report.attempt(golden.name, () => compareWith(golden, loadNamed(golden, name, path), report));
}

function loadNamed(golden: GoldenCase, name: string, path: string): LoadedAnchor {
  const anchor = families.flatMap((family) => family.anchors).find(({ file }) => file === name);
  if (anchor === undefined) throw golden.manifest.get("weights").unlike("the weight file of a family that the kit knows");
  const loaded = loadWeights(path, anchor);
  const expected = golden.manifest.get("weights_sha256").string();
  if (loaded.sha256 !== expected) throw new UsageError(`goldens ${path}: has sha256 ${loaded.sha256}, expected ${expected} as in the manifest; copy the weights again.`);
  return loaded;
}

function compareWith(golden: GoldenCase, { config, parameters }: LoadedAnchor, report: GoldenReport): void {
  const input = golden.manifest.get("input");
  const pictures = picturesOf(input);
  report.compare(`${golden.name} check values of the pictures`, checkError(input, pictures), 0);

  const tree = toTree(parameters);
  const view = treeView(tree);
  const results = valuesOf(() => {
    const classTokens = vitActivations(config, view, tf.tensor(normalised(input, pictures.pixels), input.get("size").counts(), "float32")).map(vitClassToken);
    const last = vitNorm(config, view, classTokens.at(-1)!);
    return { logits: vitHead(view, last), cls_after_final_norm: last, cls_per_block: tf.stack(classTokens, 1) };
  });
  disposeTree(tree);

  for (const file of fileNames(golden)) {
    const references = caseTensors(golden, file);
    for (const name of references.keys()) {
      const found = Object.entries(results).find(([key]) => key === name)?.[1];
      if (found === undefined) throw new UsageError(`goldens ${golden.name}: ${file} holds ${name}, expected one of ${Object.keys(results).join(", ")}; this program does not know it.`);
      report.compare(`${golden.name} ${name}`, tensorError(found, floatsOf(namedTensor(golden, references, name))), tolerances.forward);
    }
  }
  compareTop(golden, results.logits, report);
}

interface Pictures {
  /** `[B, C, H, W]` bytes. */
  readonly pixels: Float32Array;
  readonly at: (image: number, channel: number, row: number, column: number) => number;
}

/** Draws the pictures from the formulas `image <n>: v = …` of column x, row y, channel c. */
function picturesOf(input: JsonNode): Pictures {
  const [count, channels, height, width] = input.get("size").counts() as [number, number, number, number];
  const formulas = input.get("formula").strings().map((text) => parseFormula(text.replace(/^.*?=/, ""), ["x", "y", "c"]));
  if (formulas.length !== count) throw input.get("formula").unlike(`${count} formulas, one a picture`);
  const pixels = new Float32Array(count * channels * height * width);
  const index = (image: number, channel: number, row: number, column: number): number => ((image * channels + channel) * height + row) * width + column;
  formulas.forEach((formula, image) => {
    for (let c = 0; c < channels; c++) for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) pixels[index(image, c, y, x)] = formula({ x, y, c });
  });
  return { pixels, at: (...place) => pixels[index(...place)]! };
}

function normalised(input: JsonNode, pixels: Float32Array): Float32Array {
  const formula = parseFormula(input.get("normalisation").string(), ["v"]);
  return pixels.map((v) => formula({ v }));
}

function checkError(input: JsonNode, { at }: Pictures): number {
  const [count, channels, height, width] = input.get("size").counts() as [number, number, number, number];
  const range = (length: number): number[] => Array.from({ length }, (_, i) => i);
  const checks: Record<string, (image: number) => number[]> = {
    pixel_sums: (image) => range(channels).map((c) => range(height).reduce((sum, y) => sum + range(width).reduce((row, x) => row + at(image, c, y, x), 0), 0)),
  };
  let worst = 0;
  for (const key of input.keys()) {
    const [, first] = /^first_row_first_(\d+)$/.exec(key) ?? [];
    const [, row, column] = /^pixel_at_y(\d+)_x(\d+)$/.exec(key) ?? [];
    const check =
      first !== undefined ? (image: number) => range(Number(first)).map((x) => at(image, 0, 0, x)) : row !== undefined ? (image: number) => range(channels).map((c) => at(image, c, Number(row), Number(column))) : checks[key];
    if (check !== undefined) for (const image of range(count)) worst = larger(worst, exactError(check(image), input.get(key).items()[image]?.numbers() ?? []));
  }
  return worst;
}

/** The classes of highest logit, in order, and their logits. */
function compareTop(golden: GoldenCase, logits: Float32Array, report: GoldenReport): void {
  const images = golden.manifest.find("top10")?.items() ?? [];
  const classes = logits.length / images.length;
  let order = 0;
  let values = 0;
  images.forEach((image, number) => {
    const own = logits.subarray(number * classes, (number + 1) * classes);
    const ranked = [...own.keys()].sort((a, b) => own[b]! - own[a]! || a - b);
    const indices = image.items().map((entry) => entry.get("index").count());
    order = larger(order, exactError(ranked.slice(0, indices.length), indices));
    values = larger(values, tensorError(indices.map((index) => own[index] ?? NaN), image.items().map((entry) => entry.get("logit").number())));
  });
  if (images.length === 0) return;
  report.compare(`${golden.name} top classes, in order`, order, 0);
  report.compare(`${golden.name} top classes, logits`, values, tolerances.forward);
}
