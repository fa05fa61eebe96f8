/**
 * @file Golden values of picture decoding and bicubic resizing.
 */
import { decodeImageFile } from "../../datasets/image.js";
import { resizeBicubic } from "../../datasets/resize-bicubic.js";
import { UsageError } from "../../checks.js";
import type { StoredTensor } from "../../anchors/safetensors.js";
import { exactError } from "./comparison.js";
import { bytesOf } from "./engine-values.js";
import { caseTensors, fileNames, filePath, namedTensor, type GoldenCase } from "./golden-case.js";
import type { GoldenReport } from "./golden-report.js";

/** Compares every picture's pixels, then its resized versions, made from the reference's own pixels. All byte for byte. */
export async function runPil(golden: GoldenCase, report: GoldenReport): Promise<void> {
  const files = fileNames(golden);
  const tensors = new Map(files.filter((file) => file.endsWith(".safetensors")).flatMap((file) => [...caseTensors(golden, file)]));
  for (const file of files.filter((name) => !name.endsWith(".safetensors"))) {
    await report.attempt(`${golden.name} ${file}`, () => comparePixels(golden, file, namedTensor(golden, tensors, `${stemOf(file)}.pixels`), report));
  }
  for (const [name, reference] of tensors) {
    const [, stem, suffix] = /^(.*)\.([^.]*)$/.exec(name) ?? [];
    if (suffix === "pixels") continue;
    await report.attempt(`${golden.name} ${name}`, () => compareResized(golden, name, suffix, namedTensor(golden, tensors, `${stem}.pixels`), reference, report));
  }
}

async function comparePixels(golden: GoldenCase, file: string, reference: StoredTensor, report: GoldenReport): Promise<void> {
  const entry = golden.manifest.get("files").get(file);
  const { width, height, pixels } = await decodeImageFile(filePath(golden, file));
  const sides = exactError([width, height], [entry.get("width").count(), entry.get("height").count()]);
  report.compare(`${golden.name} ${file}, width and height`, sides, 0);
  report.compare(`${golden.name} ${file}, decoded pixels`, exactError(pixels, bytesOf(reference)), 0);
}

function compareResized(golden: GoldenCase, name: string, suffix: string | undefined, source: StoredTensor, reference: StoredTensor, report: GoldenReport): void {
  const [height, width] = reference.shape;
  const side = Number(/^resized_(\d+)$/.exec(suffix ?? "")?.[1]);
  if (side !== width || side !== height) {
    throw new UsageError(`goldens ${golden.name}: ${name} is [${reference.shape.join(", ")}], expected <picture>.pixels, or <picture>.resized_<n> of [n, n, 3]; the folder is of another format.`);
  }
  const resized = resizeBicubic({ height: source.shape[0]!, width: source.shape[1]!, pixels: bytesOf(source) }, width, height);
  report.compare(`${golden.name} ${name}`, exactError(resized.pixels, bytesOf(reference)), 0);
}

function stemOf(file: string): string {
  return file.replace(/\.[^.]*$/, "");
}
