/**
 * @file Pretrains every anchor of a family and writes its weights, with a model card of how they were made.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { loadWeights } from "../anchors/load-weights.js";
import type { AnchorEntry, FamilyEntry } from "../anchors/registry.js";
import { readSafetensorsSummary, writeSafetensors } from "../anchors/safetensors.js";
import { filesSha256 } from "../anchors/stored-weights.js";
import { writeWhole } from "../write-whole.js";
import { UsageError } from "../checks.js";
import { createUpstream } from "../datasets/upstream.js";
import { pretrain, type PretrainSettings } from "./pretrain.js";
import type { Progress } from "./train.js";

export interface PretrainFamilyOptions {
  readonly seed: number;
  /** Folder of the weights and the card. */
  readonly out: string;
  /** Folder of the weights to go on from; random ones unless told. Not `out`: its files would be replaced. */
  readonly from?: string;
  /** Anchors to pretrain; all by default. The card needs all of them, and is left out while one is missing. */
  readonly anchorIds?: readonly string[];
  /** The command that the record of every anchor names, without its `--anchors`. */
  readonly command: string;
  /** The engine that the card names. */
  readonly engine: string;
  /** Held-out images that the accuracies are measured on; 4,000 by default. */
  readonly validationImages?: number;
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}

/** What the card says of one anchor's pretraining; kept in its weight file's metadata. */
export interface AnchorRecord {
  readonly anchorId: string;
  readonly steps: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly poseWeight: number;
  readonly seed: number;
  readonly upstreamClasses: number;
  readonly formulaTop1: number;
  readonly photographTop1: number | null;
  readonly upstream: string;
  readonly minutes: number;
  readonly engine: string;
  /** The command that makes these weights, without its `--anchors`; absent in weights older than this field. */
  readonly command?: string;
  /** What was gone on from; null for random weights, absent in weights older than this field. */
  readonly start?: { readonly sha256: string; readonly record: AnchorRecord } | null;
}

/**
 * Pretrains the family's anchors one after another; an anchor already in `out` under the same settings and upstream data is kept.
 *
 * Weights are written in float16 under timm's names, without heads: upstream classes are of no use downstream.
 *
 * @returns whether the card was written: not while an anchor is missing.
 */
export async function pretrainFamily(family: FamilyEntry, settings: PretrainSettings, options: PretrainFamilyOptions): Promise<boolean> {
  const { out, from, signal } = options;
  if (from !== undefined && resolve(from) === resolve(out)) throw new UsageError(`pretrain: weights are read from and written to ${out}, expected two folders, since what is gone on from is part of the record: copy the earlier weights elsewhere.`);
  mkdirSync(out, { recursive: true });
  const wanted = family.anchors.filter(({ anchorId }) => options.anchorIds?.includes(anchorId) ?? true);
  if (wanted.length === 0) throw new UsageError(`pretrain: no anchor is named ${options.anchorIds!.join(", ")}, expected some of ${family.anchors.map(({ anchorId }) => anchorId).join(", ")}.`);
  const upstream = (await createUpstream(settings.upstream)).describe();
  for (const anchor of wanted) {
    await pretrainAnchor(anchor, family, settings, upstream, options);
    if (signal?.aborted === true) return false;
  }
  if (family.anchors.some(({ file }) => !existsSync(join(out, file)))) return false;
  writeWhole("pretrain", join(out, `${family.familyId}.md`), [Buffer.from(modelCard(family, out))]);
  return true;
}

async function pretrainAnchor(anchor: AnchorEntry, family: FamilyEntry, settings: PretrainSettings, upstream: string, { out, from, seed, command, engine, validationImages, onProgress, signal }: PretrainFamilyOptions): Promise<void> {
  const path = join(out, anchor.file);
  const { steps, batchSize, weightDecay, poseWeight } = settings;
  const learningRate = widthLearningRate(settings.learningRate, anchor.config.width, family);
  const start = from === undefined ? undefined : loadWeights(join(from, anchor.file), anchor);
  const recipe = { anchorId: anchor.anchorId, steps, batchSize, learningRate, weightDecay, poseWeight, seed, upstream };
  if (existsSync(path) && isMadeBy(readRecord(path), recipe, start?.sha256)) return;
  const checkpoint = join(out, `.${anchor.anchorId}.checkpoint.safetensors`);
  const result = await pretrain(anchor.config, { ...settings, learningRate }, {
    seed,
    normalisation: family,
    checkpoint,
    ...(start === undefined ? {} : { start }),
    ...(validationImages === undefined ? {} : { validationImages }),
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress: (progress) => onProgress({ ...progress, label: `${anchor.anchorId}, ${progress.label}` }) }),
  });
  if (result.stepsDone < steps) return;
  const { upstreamClasses, formulaTop1, photographTop1, seconds } = result;
  const record: AnchorRecord = {
    ...recipe, upstreamClasses, formulaTop1, photographTop1, minutes: seconds / 60, engine, command,
    start: start === undefined ? null : { sha256: start.sha256, record: startRecord(join(from!, anchor.file), join(from!, `${family.familyId}.md`)) },
  };
  const body = Object.fromEntries(Object.entries(result.parameters).filter(([name]) => !name.startsWith("head.")));
  writeSafetensors(path, body, { dtype: "F16", metadata: { record: JSON.stringify(record) } });
  loadWeights(path, anchor);
  rmSync(checkpoint, { force: true });
}

/** Whether weights came from the same recipe, upstream data and start. */
function isMadeBy(record: AnchorRecord, recipe: Partial<AnchorRecord>, startSha256: string | undefined): boolean {
  return record.start?.sha256 === startSha256 && Object.entries(recipe).every(([key, value]) => record[key as keyof AnchorRecord] === value);
}

/** The record of weights that are gone on from; where it names no command, their card does. */
function startRecord(path: string, card: string): AnchorRecord {
  const record = readRecord(path);
  const command = record.command ?? (existsSync(card) ? /^Made by `(.*)`\.$/m.exec(readFileSync(card, "utf8"))?.[1] : undefined);
  return command === undefined ? record : { ...record, command };
}

/** The peak rate is told for the widest anchor; a narrower one takes √(widest/width) times as much (our choice). */
function widthLearningRate(base: number, width: number, { anchors }: FamilyEntry): number {
  return base * Math.sqrt(Math.max(...anchors.map(({ config }) => config.width)) / width);
}

/** What a weight file says of its own pretraining. */
export function readRecord(path: string): AnchorRecord {
  return JSON.parse(readSafetensorsSummary(path).metadata["record"] ?? "{}") as AnchorRecord;
}

/** The records of an anchor's weights from the first start on, each with the sha256 of its weights. */
function chain(record: AnchorRecord, sha256: string): { readonly record: AnchorRecord; readonly sha256: string }[] {
  const before = record.start ? chain(record.start.record, record.start.sha256) : [];
  return [...before, { record, sha256 }];
}

function modelCard(family: FamilyEntry, out: string): string {
  const percent = (share: number | null): string => (share === null ? "–" : (100 * share).toFixed(1));
  const files = family.anchors.map(({ anchorId, label, file }) => {
    const path = join(out, file);
    const sha256 = filesSha256([path]);
    return { anchorId, label, file, bytes: statSync(path).size, sha256, stages: chain(readRecord(path), sha256) };
  });
  const stages = files.flatMap(({ anchorId, stages }) => stages.map(({ record }, index) => ({ anchorId, stage: index + 1, record })));
  const last = files[0]!.stages.at(-1)!.record;
  return [
    `# Family ${family.familyId}`,
    "",
    `${family.about}. Vision transformers in timm's layout (pre-norm, erf GELU, class token, learned positions), float16, without heads. Inputs: (byte / 255 − 0.5) / 0.5.`,
    "",
    "## How the weights were made",
    "",
    ...(stages.some(({ stage }) => stage > 1) ? ["In stages: each goes on from the weights of the one before, with new heads and a schedule of its own. Where a command names a folder, the weights before lie in it.", ""] : []),
    ...files.flatMap(({ anchorId, label, stages }) => [
      `${anchorId}:`,
      "",
      ...stages.map(({ record, sha256 }, index) => `${index + 1}. ${record.command === undefined ? "A command that its record does not name" : `\`${record.command} --anchors ${label.toLowerCase()}\``}: sha256 ${sha256}`),
      "",
    ]),
    "## Upstream",
    "",
    "| anchor | stage | steps | batch | images seen | learning rate | held-out top-1, formula-driven (%) | held-out top-1, photographs (%) | minutes | engine |",
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
    ...stages.map(({ anchorId, stage, record }) => `| ${anchorId} | ${stage} | ${record.steps} | ${record.batchSize} | ${record.steps * record.batchSize} | ${record.learningRate.toPrecision(3)} | ${percent(record.formulaTop1)} | ${percent(record.photographTop1)} | ${record.minutes.toFixed(1)} | ${record.engine} |`),
    "",
    ...[...new Set(stages.flatMap(({ stage, record }) => record.upstream.split("\n").map((line) => `- stage ${stage}, ${line}`)))],
    `- Auxiliary heads, thrown away afterwards, were asked for the place (4×4 cells) and the turn (16 bins) of the drawn object, weight ${last.poseWeight}. Two downstream tasks ask the same of other objects (sprites); upstream draws no squares, ellipses, hearts, digits, emoji or Earth imagery. A random glyph can resemble a letter or digit by accident.`,
    "",
    `What the anchors are worth on tasks that upstream never held: \`esta compare\`, \`${family.familyId}-compared.md\`.`,
    "",
    "## Files",
    "",
    "| file | bytes | sha256 |",
    "| --- | ---: | --- |",
    ...files.map(({ file, bytes, sha256 }) => `| ${file} | ${bytes} | ${sha256} |`),
    "",
    "Licence: MIT, as the kit. The photographs used upstream are CIFAR-10's training split; none of them is in these files.",
    "",
  ].join("\n");
}
