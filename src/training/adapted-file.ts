/**
 * @file What an adaptation trained, in one safetensors file: all that makes the adapted family again beside its anchors.
 */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { AnchorConfig } from "../anchors/anchor.js";
import { familyParameters, type LoadedAnchor } from "../anchors/load-weights.js";
import { parameterShapes, treeTensor, type HostTensor } from "../anchors/parameters.js";
import { readSafetensors, readSafetensorsSummary, writeSafetensors, type StoredTensors } from "../anchors/safetensors.js";
import { shown, throwProblems, UsageError } from "../checks.js";
import type { Dataset, Normalisation } from "../datasets/dataset.js";
import { createRng } from "../rng.js";
import { stitchIdsOf, type StitchFamily } from "../stitching/family.js";
import { createTunedModel, type TunedModel } from "../tuning/tuned-model.js";
import { stitchTrainables, type TuningMethod } from "../tuning/method.js";
import { writeProblem } from "../write-whole.js";
import { structureOf, type AdaptSettings, type AnchorFamily } from "./adapt.js";
import type { StitchScore } from "./stitch-scores.js";
import { adaptedStitches } from "./train.js";

/** What the file says of its tensors. Neither times nor places: the same run gives the same bytes. */
export interface AdaptedRecord {
  /** Version of the kit. */
  readonly kit: string;
  readonly family: string;
  readonly anchors: readonly { readonly anchorId: string; /** Of the weight file. */ readonly sha256: string }[];
  /** How bytes of images become inputs. */
  readonly normalisation: Normalisation;
  readonly task: string;
  readonly classes: number;
  /** In the order of the labels; null where the task has no names. */
  readonly classNames: readonly string[] | null;
  /** As in the rows: pst, sn-net, anchor-ti, …. */
  readonly method: string;
  readonly seed: number;
  /** Everything else that decided the outcome: steps, rank, scaling, targets, scope, sampler, …. */
  readonly settings: AdaptSettings;
  /** Importance, visits and selection of every stitch. */
  readonly stitches: readonly StitchScore[];
}

/** An adapted family, read back. */
export interface AdaptedModel extends TunedModel {
  readonly record: AdaptedRecord;
}

/** Raised when older files can no longer be read. */
const FORMAT = "esta-adapted-1";

/** Gathers the record of an adaptation. */
export function adaptedRecord(family: AnchorFamily, { name, classes, classNames = [] }: Pick<Dataset, "name" | "classes" | "classNames">, settings: AdaptSettings, rest: Pick<AdaptedRecord, "kit" | "method" | "seed" | "stitches">): AdaptedRecord {
  const anchors = family.anchors.map(({ anchorId, sha256 }) => ({ anchorId, sha256 }));
  return { ...rest, family: family.familyId, anchors, normalisation: family.normalisation, task: name, classes, classNames: classNames.length > 0 ? classNames : null, settings };
}

/**
 * Writes what training moved, and the stitching layers, which least squares made; float32, whole or not at all. Makes the folder.
 *
 * @throws {UsageError} when the place cannot be written.
 */
export function saveAdapted(path: string, model: TunedModel, record: AdaptedRecord): void {
  writeTuned(path, model, { format: FORMAT, record: JSON.stringify(record) });
}

/** Writes the tensors of an adapted family, of images or text, with what the file says of them. */
export function writeTuned(path: string, model: TunedModel<AnchorConfig>, metadata: Readonly<Record<string, string>>): void {
  const tensors = Object.fromEntries(
    [...savedShapes(model.family, model.method, adaptedStitches(model))].map(([name, shape]): [string, HostTensor] => [
      name, { shape, data: (model.trainable[name] ?? treeTensor(model.frozen, name)).dataSync() as Float32Array },
    ]),
  );
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (error) {
    throw writeProblem("saveAdapted", path, error);
  }
  writeSafetensors(path, tensors, { metadata });
}

/** Reads the record alone. @throws {UsageError} when the file is damaged or of another kind. */
export function readAdaptedRecord(path: string): AdaptedRecord {
  return recordOf(path, readSafetensorsSummary(path).metadata);
}

/**
 * Makes an adapted family again: its logits are those of the trained one, bit for bit. The caller disposes it (`disposeModel`).
 *
 * @param family - with the anchors that the file was adapted from.
 * @throws {UsageError} when the file is damaged or of another kind, the anchors are others, or tensors are missing or misshapen.
 */
export function loadAdapted(path: string, family: AnchorFamily): AdaptedModel {
  const { tensors, metadata } = readSafetensors(path);
  const record = recordOf(path, metadata);
  throwProblems(anchorProblems(path, record, family));
  const { method, anchorAlone } = record.settings;
  const structure = structureOf(family, record.classes, record.settings);
  return { ...tunedFrom(path, tensors, structure, family.anchors, method, anchorAlone), record };
}

/** Makes the model again from the file's tensors and the anchors' own weights. */
export function tunedFrom<Config extends AnchorConfig>(path: string, tensors: StoredTensors["tensors"], structure: StitchFamily<Config>, anchors: readonly Pick<LoadedAnchor, "parameters">[], method: TuningMethod, anchorAlone: number | undefined): TunedModel<Config> {
  const stitchIds = stitchIdsOf(structure, anchorAlone);
  const starts = savedTensors(path, tensors, savedShapes(structure, method, stitchIds));
  return createTunedModel(structure, { ...familyParameters(anchors), ...starts }, method, createRng(0), { stitchIds, starts }); // nothing is left to draw
}

/** Names and shapes of the file's tensors. */
function savedShapes({ modules }: StitchFamily<AnchorConfig>, method: TuningMethod, stitchIds: readonly number[]): Map<string, readonly number[]> {
  return new Map(stitchIds.flatMap((stitchId) => [
    ...parameterShapes(modules[stitchId]!.filter(({ role }) => role === "stitching-layer")),
    ...stitchTrainables(method, stitchId, modules[stitchId]!).map(({ name, shape }) => [name, shape] as const),
  ]));
}

function savedTensors(path: string, tensors: StoredTensors["tensors"], shapes: ReadonlyMap<string, readonly number[]>): Record<string, HostTensor> {
  const problems: string[] = [];
  const found: Record<string, HostTensor> = {};
  for (const [name, shape] of shapes) {
    const stored = tensors.get(name);
    if (stored === undefined) problems.push(`loadAdapted ${path}: ${name} is missing, expected shape [${shape.join(", ")}].`);
    else if (stored.shape.join() !== shape.join()) problems.push(`loadAdapted ${path}: ${name} has shape [${stored.shape.join(", ")}], expected [${shape.join(", ")}].`);
    else if (!(stored.data instanceof Float32Array)) problems.push(`loadAdapted ${path}: ${name} has type ${stored.dtype}, expected F32.`);
    else found[name] = { shape, data: stored.data };
  }
  throwProblems(problems.length > 5 ? [...problems.slice(0, 5), `loadAdapted ${path}: and ${problems.length - 5} more tensors like these: adapt again.`] : problems);
  return found;
}

/** What keeps a file's tensors from belonging to these anchors. */
export function anchorProblems(path: string, record: Pick<AdaptedRecord, "family" | "anchors">, family: { readonly familyId: string; readonly anchors: readonly { readonly sha256: string }[] }): string[] {
  if (family.familyId !== record.family) return [`loadAdapted ${path}: family is ${shown(family.familyId)}, expected ${shown(record.family)}, which the file was adapted from.`];
  return record.anchors.flatMap(({ anchorId, sha256 }, place) => {
    const given = family.anchors[place]?.sha256;
    return given === sha256 ? [] : [`loadAdapted ${path}: weights of ${anchorId} have sha256 ${given}, expected ${sha256}: load the family from the weights that the file was adapted from.`];
  });
}

function recordOf(path: string, metadata: Readonly<Record<string, string>>): AdaptedRecord {
  return parseRecord(path, metadata, FORMAT, "name a file that esta adapt wrote, below the weights folder of its results") as AdaptedRecord;
}

/** What a file of that format says of its tensors. @param advice - what to do about a file of another format. */
export function parseRecord(path: string, { format, record }: Readonly<Record<string, string>>, expected: string, advice: string): unknown {
  if (format === expected && record !== undefined) return JSON.parse(record);
  throw new UsageError(`loadAdapted ${path}: its format is ${format === undefined ? "not told" : shown(format)}, expected "${expected}": ${advice}.`);
}
