/**
 * @file Keeps the splits of a made task on disk, so that the next run reads them in milliseconds.
 *
 * A cached copy is only ever a shortcut: it is written whole or not at all, and one whose hash does not fit is made again.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readSafetensors, writeSafetensors, type StoredTensor, type TensorToStore } from "../anchors/safetensors.js";
import { UsageError } from "../checks.js";
import { hashSplits, type ImageSplit, type TaskSplits } from "./dataset.js";
import type { TaskRecipe } from "./task-recipe.js";

/** Where cached copies lie unless told otherwise: `data/cache` of the kit (ignored by git, safe to delete). */
export const defaultCacheFolder: string = fileURLToPath(new URL("../../data/cache", import.meta.url));

/** Larger tasks are made anew each time (large pictures fill a disk faster than they save seconds). */
const MOST_BYTES = 100_000_000;
const SPLITS = ["train", "val", "test"] as const;

/** Splits and their hash, see {@link hashSplits}. */
export interface HashedSplits {
  readonly splits: TaskSplits;
  readonly sha256: string;
}

/** Reads the cached copy of a task if there is a sound one; makes the task and keeps a copy otherwise. */
export async function cachedSplits(recipe: TaskRecipe, imageSize: number, folder: string): Promise<HashedSplits> {
  const file = join(folder, `${recipe.card.name}-${imageSize}-${recipeKey(recipe)}.safetensors`);
  const kept = readCopy(file, imageSize);
  if (kept !== undefined) return kept;
  const splits = await recipe.make(imageSize);
  const sha256 = hashSplits(splits);
  keepCopy(file, folder, splits, imageSize, sha256);
  return { splits, sha256 };
}

/** Names what the pictures depend on: the recipe's version and the source files. */
function recipeKey({ version, sources }: TaskRecipe): string {
  return createHash("sha256").update(JSON.stringify([version, sources.map((source) => source.sha256)])).digest("hex").slice(0, 12);
}

function readCopy(file: string, imageSize: number): HashedSplits | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const { tensors, metadata } = readSafetensors(file);
    const split = (name: string): ImageSplit => readSplit(tensors, name, imageSize);
    const splits: TaskSplits = { train: split("train"), val: split("val"), test: split("test") };
    const sha256 = hashSplits(splits);
    return sha256 === metadata["sha256"] ? { splits, sha256 } : undefined;
  } catch (fault) {
    if (fault instanceof UsageError) return undefined;
    throw fault;
  }
}

function readSplit(tensors: ReadonlyMap<string, StoredTensor>, name: string, imageSize: number): ImageSplit {
  const images = tensors.get(`${name}.images`)?.data;
  const labels = tensors.get(`${name}.labels`)?.data;
  if (!(images instanceof Uint8Array) || !(labels instanceof Int32Array) || images.length !== labels.length * imageSize * imageSize * 3) throw new UsageError(`${name}: not a split.`);
  return { images, labels, count: labels.length };
}

/** A copy that cannot be written costs time, not the run: a read-only or full disk is left alone. */
function keepCopy(file: string, folder: string, splits: TaskSplits, imageSize: number, sha256: string): void {
  if (SPLITS.reduce((sum, name) => sum + splits[name].images.length, 0) > MOST_BYTES) return;
  const tensors: Record<string, TensorToStore> = {};
  for (const name of SPLITS) {
    const { images, labels, count } = splits[name];
    tensors[`${name}.images`] = { shape: [count, imageSize, imageSize, 3], data: images };
    tensors[`${name}.labels`] = { shape: [count], data: labels };
  }
  try {
    mkdirSync(folder, { recursive: true });
    writeSafetensors(file, tensors, { metadata: { sha256 } });
  } catch (fault) {
    if (!(fault instanceof UsageError) && !(fault instanceof Error && "code" in fault)) throw fault;
  }
}
