/**
 * @file Pretrains every anchor of a family, writes its weights, and measures what they are worth in a model card.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { loadFamily, loadWeights } from "../anchors/load-weights.js";
import type { AnchorEntry, FamilyEntry } from "../anchors/registry.js";
import { readSafetensorsSummary, writeSafetensors } from "../anchors/safetensors.js";
import { writeWhole } from "../write-whole.js";
import { UsageError } from "../checks.js";
import type { Dataset } from "../datasets/dataset.js";
import { createUpstream } from "../datasets/upstream.js";
import { assessAnchors, assessmentImages, assessmentRecipe, type Assessment } from "./assess-anchors.js";
import { pretrain, type PretrainSettings } from "./pretrain.js";
import type { Progress } from "./train.js";

export interface PretrainFamilyOptions {
  readonly seed: number;
  /** Folder of the weights and the card. */
  readonly out: string;
  /** Tasks of the card, none of them upstream. */
  readonly tasks: readonly Dataset[];
  /** Anchors to pretrain; all by default. The card needs all of them, and is left out while one is missing. */
  readonly anchorIds?: readonly string[];
  /** The command that the card names. */
  readonly command: string;
  /** The engine that the card names. */
  readonly engine: string;
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
}

/**
 * Pretrains the family's anchors one after another; an anchor already in `out` under the same settings and upstream data is kept.
 *
 * Weights are written in float16 under timm's names, without heads: upstream classes are of no use downstream.
 *
 * @returns the assessments of the card, or nothing while an anchor is missing.
 */
export async function pretrainFamily(family: FamilyEntry, settings: PretrainSettings, options: PretrainFamilyOptions): Promise<Assessment[] | undefined> {
  const { out, seed, onProgress, signal } = options;
  mkdirSync(out, { recursive: true });
  const wanted = family.anchors.filter(({ anchorId }) => options.anchorIds?.includes(anchorId) ?? true);
  if (wanted.length === 0) throw new UsageError(`pretrain: no anchor is named ${options.anchorIds!.join(", ")}, expected some of ${family.anchors.map(({ anchorId }) => anchorId).join(", ")}.`);
  const upstream = (await createUpstream(settings.upstream)).describe();
  for (const anchor of wanted) {
    await pretrainAnchor(anchor, family, settings, upstream, options);
    if (signal?.aborted === true) return undefined;
  }
  if (family.anchors.some(({ file }) => !existsSync(join(out, file)))) return undefined;
  const anchors = loadFamily(family, [out]);
  const loaded = { familyId: family.familyId, anchors, labels: family.anchors.map(({ label }) => label), normalisation: family };
  const assessments = await assessAnchors(loaded, options.tasks, seed, onProgress);
  const text = modelCard(family, out, assessments, options);
  writeWhole("pretrain", join(out, `${family.familyId}-card.json`), [Buffer.from(`${JSON.stringify(assessments, null, 1)}\n`)]);
  writeWhole("pretrain", join(out, `${family.familyId}.md`), [Buffer.from(text)]);
  return assessments;
}

async function pretrainAnchor(anchor: AnchorEntry, family: FamilyEntry, settings: PretrainSettings, upstream: string, { out, seed, engine, onProgress, signal }: PretrainFamilyOptions): Promise<void> {
  const path = join(out, anchor.file);
  const { steps, batchSize, weightDecay, poseWeight } = settings;
  const learningRate = widthLearningRate(settings.learningRate, anchor.config.width, family);
  const recipe = { anchorId: anchor.anchorId, steps, batchSize, learningRate, weightDecay, poseWeight, seed, upstream };
  if (existsSync(path) && Object.entries(recipe).every(([key, value]) => (readRecord(path) as unknown as Record<string, unknown>)[key] === value)) return;
  const checkpoint = join(out, `.${anchor.anchorId}.checkpoint.safetensors`);
  const result = await pretrain(anchor.config, { ...settings, learningRate }, {
    seed,
    normalisation: family,
    checkpoint,
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress: (progress) => onProgress({ ...progress, label: `${anchor.anchorId}, ${progress.label}` }) }),
  });
  if (result.stepsDone < steps) return;
  const { upstreamClasses, formulaTop1, photographTop1, seconds } = result;
  const record: AnchorRecord = { ...recipe, upstreamClasses, formulaTop1, photographTop1, minutes: seconds / 60, engine };
  const body = Object.fromEntries(Object.entries(result.parameters).filter(([name]) => !name.startsWith("head.")));
  writeSafetensors(path, body, { dtype: "F16", metadata: { record: JSON.stringify(record) } });
  loadWeights(path, anchor);
  rmSync(checkpoint, { force: true });
}

/** The peak rate is told for the widest anchor; a narrower one takes √(widest/width) times as much (our choice). */
function widthLearningRate(base: number, width: number, { anchors }: FamilyEntry): number {
  return base * Math.sqrt(Math.max(...anchors.map(({ config }) => config.width)) / width);
}

/** What a weight file says of its own pretraining. */
export function readRecord(path: string): AnchorRecord {
  return JSON.parse(readSafetensorsSummary(path).metadata["record"] ?? "{}") as AnchorRecord;
}

function modelCard(family: FamilyEntry, out: string, assessments: readonly Assessment[], { command }: PretrainFamilyOptions): string {
  const percent = (share: number | null): string => (share === null ? "–" : (100 * share).toFixed(1));
  const files = family.anchors.map(({ anchorId, file }) => {
    const path = join(out, file);
    return { anchorId, file, record: readRecord(path), bytes: statSync(path).size, sha256: createHash("sha256").update(readFileSync(path)).digest("hex") };
  });
  const tasks = [...new Set(assessments.map(({ task }) => task))];
  const row = (anchorId: string, weights: Assessment["weights"], value: (assessment: Assessment) => number): string => {
    const own = tasks.map((task) => value(assessments.find((one) => one.anchorId === anchorId && one.weights === weights && one.task === task)!));
    return `| ${anchorId} | ${weights} | ${[...own, own.reduce((a, b) => a + b, 0) / own.length].map(percent).join(" | ")} |`;
  };
  const table = (title: string, value: (assessment: Assessment) => number): string[] => [
    `### ${title}`,
    "",
    `| anchor | weights | ${tasks.join(" | ")} | mean |`,
    `| --- | --- | ${tasks.map(() => "---:").join(" | ")} | ---: |`,
    ...family.anchors.flatMap(({ anchorId }) => (["pretrained", "random"] as const).map((weights) => row(anchorId, weights, value))),
    "",
  ];
  const { steps, batchSize, learningRate, weightDecay } = assessmentRecipe;
  return [
    `# Family ${family.familyId}`,
    "",
    `${family.about}. Vision transformers in timm's layout (pre-norm, erf GELU, class token, learned positions), float16, without heads. Inputs: (byte / 255 − 0.5) / 0.5.`,
    "",
    `Made by \`${command}\`.`,
    "",
    "## Upstream",
    "",
    "| anchor | steps | batch | images seen | learning rate | held-out top-1, formula-driven (%) | held-out top-1, photographs (%) | minutes | engine |",
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
    ...files.map(({ anchorId, record }) => `| ${anchorId} | ${record.steps} | ${record.batchSize} | ${record.steps * record.batchSize} | ${record.learningRate.toPrecision(3)} | ${percent(record.formulaTop1)} | ${percent(record.photographTop1)} | ${record.minutes.toFixed(1)} | ${record.engine} |`),
    "",
    ...(files[0]!.record.upstream ?? "").split("\n").map((line) => `- ${line}`),
    `- Auxiliary heads, thrown away afterwards, were asked for the place (4×4 cells) and the turn (16 bins) of the drawn object, weight ${files[0]!.record.poseWeight}. Two downstream tasks ask the same of other objects (sprites); upstream draws no squares, ellipses, hearts, digits, emoji or Earth imagery. A random glyph can resemble a letter or digit by accident.`,
    "",
    "## Downstream, on tasks that upstream never held",
    "",
    `Test top-1 in per cent. Linear probe: logistic regression on the frozen class token. Fine-tuned: everything, ${steps} steps of ${batchSize} images, learning rate ${learningRate}, weight decay ${weightDecay}, 800 training images, the first ${assessmentImages} test images, the same recipe for pretrained and random weights, one seed.`,
    "",
    ...table("Linear probe", ({ probeTop1 }) => probeTop1),
    ...table("Fine-tuned", ({ fineTunedTop1 }) => fineTunedTop1),
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
