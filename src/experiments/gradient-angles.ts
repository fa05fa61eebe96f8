/**
 * @file Do stitch-specific biases reduce conflict between stitches? Angles between their gradients, and CKA of their features, along the training.
 *
 * Run:     ./reproduce.sh quick gradient-angles
 * Writes:  results/<profile>/gradient-angles/: rows.csv (a pair of stitches a line), the table of conflict, the interference figure, every pair as a square
 * Expects: smaller angles with biases of each stitch's own than with shared ones (paper's figure; we test the direction)
 * Differs: stitches are drawn uniformly; angles count the low-rank updates, which all three arms share, and once all that both stitches touch.
 */
import { join } from "node:path";
import { familyOf } from "../anchors/registry.js";
import { tokenCount } from "../anchors/vit-shape.js";
import { wholeNumberProblem } from "../checks.js";
import { createRng } from "../rng.js";
import { judge, type ClaimResult } from "../reporting/claims.js";
import { aboveOwn, conflictTable, pairRows, type PairRow } from "../reporting/conflict.js";
import { conflictFindings } from "../reporting/gradient-angles-findings.js";
import { conflictFigure } from "../reporting/figures/conflict-figure.js";
import { pairMatrixFigure } from "../reporting/figures/pair-matrix-figure.js";
import { tablePaths, writeTable } from "../reporting/table.js";
import { stitchFeatures } from "../stitching/forward.js";
import type { JoinedStitch } from "../stitching/stitch-space.js";
import { computedValues } from "../tensor/index.js";
import { adapt } from "../training/adapt.js";
import { gradientAngle, linearCka, type HostGradients } from "../training/angles.js";
import { batchOf, disposeBatch, prepareSplit, type PreparedSplit } from "../training/batches.js";
import { disposeGradients, stitchGradients, type ImageBatch } from "../training/gradients.js";
import { stitchView, type TunedModel } from "../tuning/tuned-model.js";
import { defineExperiment, type RunContext } from "./experiment.js";
import { onCommonRuns } from "./on-common-runs.js";
import { ablationQuick, adaptSettingsOf, vtabLaptop, vtabPaper, vtabSettingKinds, type VtabSettings } from "./vtab-settings.js";
import { vtabMemory, vtabWork } from "./vtab-estimates.js";
import { studyProblems, trainedImages, unreadSettings, vtabIngredients, vtabNote, vtabSources } from "./vtab-study.js";
import { anchorsOf, taskOf } from "./vtab-sources.js";

type AngleSettings = VtabSettings & {
  /** Times at which angles are taken, evenly spread from the start to the end. */
  readonly snapshots: number;
  /** Every so many-th stitch is looked at. */
  readonly everyStitch: number;
  /** Images of the batch that gradients are taken on. */
  readonly angleImages: number;
};
type Point = { readonly task: string; readonly scope: string };

const variant = { adapts: "pst" } as const;
const scopes = ["all", "shared", "none"] as const;
const of = (settings: VtabSettings, snapshots: number, everyStitch: number, angleImages: number): AngleSettings => ({ ...settings, methods: ["pst"], sampler: "uniform", snapshots, everyStitch, angleImages });

export const gradientAngles = defineExperiment<AngleSettings, Point, PairRow>({
  id: "gradient-angles",
  question: "Do biases of each stitch's own reduce the conflict between stitches' updates?",
  claim: "Stitch-specific biases reduce the angles between stitches' gradients (paper's figure; we test the direction)",
  // Without a refit an epoch has twelve steps: a hundred epochs are 1200.
  settings: { quick: of({ ...ablationQuick, steps: 60, batchSize: 16 }, 2, 6, 32), laptop: of(vtabLaptop, 4, 3, 64), paper: of({ ...vtabPaper, refit: false, steps: 1200 }, 5, 3, 64) },
  seeds: { quick: [0], laptop: [0, 1, 2], paper: [0, 1, 2, 3, 4] },
  note: (settings, seeds, profile) => vtabNote(settings, seeds, profile, `learning rate ${settings.learningRate}`, `angles on ${settings.angleImages} training images`),
  kinds: { ...vtabSettingKinds, snapshots: "number", everyStitch: "number", angleImages: "number" },
  outsideIdentity: ["tasks", "methods", "weightsFolder", "dataFolder"],
  unread: () => unreadSettings(variant),
  revision: 1,
  rowType: pairRows,
  points: ({ tasks }) => tasks.flatMap((task) => scopes.map((scope) => ({ task, scope }))),
  settingsAt: ({ scope }, settings) => ({ ...settings, biasScope: scope }),
  ...vtabSources,
  problems: (where, settings) => [
    ...studyProblems({ pst: variant }, where, settings),
    ...wholeNumberProblem(where, "snapshots", settings.snapshots, 2, settings.steps + 1, "the number of steps, and the start"),
    ...wholeNumberProblem(where, "everyStitch", settings.everyStitch, 1, 30),
    ...wholeNumberProblem(where, "angleImages", settings.angleImages, 2, 800, "the training images"),
  ],
  ingredients: vtabIngredients,
  run: runAngles,
  work: (point, settings) => vtabWork(point, variant, { ...settings, testImages: 1, valImages: 1 }),
  memory: (_, settings) => vtabMemory(variant, settings),
  ...onCommonRuns(({ scope }) => scope, {
    figures: { conflict: conflictFigure, matrices: pairMatrixFigure },
    report: async (rows, { folder, note }) => void writeTable(join(folder, "tables"), conflictTable(rows, note)),
    claims: angleClaims,
    found: conflictFindings,
  }),
  reportFiles: tablePaths("conflict"),
});

async function runAngles({ task, scope }: Point, settings: AngleSettings, { seed, profile, onProgress, signal }: RunContext): Promise<PairRow[]> {
  const [family, dataset] = [await anchorsOf(settings), await taskOf({ ...settings, valImages: 1, testImages: 1 }, task)];
  const { steps, snapshots, angleImages, everyStitch } = settings;
  const data = prepareSplit(dataset.train, dataset.imageSize, family.normalisation);
  const times = new Set(Array.from({ length: snapshots - 1 }, (_, index) => Math.round((steps * (index + 1)) / (snapshots - 1))));
  const rows: PairRow[] = [];
  const look = async (model: TunedModel, step: number, tell: (label: string) => void): Promise<void> => {
    const pairs = await pairsAt(model, data, { angleImages, everyStitch, withCka: step === steps }, seed, tell, signal);
    rows.push(...pairs.map((pair) => ({ task, group: dataset.group, seed, scope, step, steps, ...pair, profile })));
  };
  // After the first step stands for the start: with B still near zero, A's gradients are near zero too. No checkpoint: pairs of earlier times would be lost with it.
  await adapt(family, dataset, adaptSettingsOf({ ...settings, biasScope: scope }, "pst", familyOf(settings.family), trainedImages(dataset, settings)), {
    seed, onProgress, signal,
    afterStep: async (model, { step }, tell) => {
      if (step === 1 || times.has(step)) await look(model, step, tell);
    },
  });
  return rows;
}

type Pair = Pick<PairRow, "first" | "second" | "distance" | "degreesLora" | "degreesAll" | "cka">;

/** Every pair of the looked-at stitches on one batch. */
async function pairsAt(model: TunedModel, data: PreparedSplit, { angleImages, everyStitch, withCka }: { readonly angleImages: number; readonly everyStitch: number; readonly withCka: boolean }, seed: number, tell: (label: string) => void, signal: AbortSignal): Promise<Pair[]> {
  const { space } = model.family;
  const looked = space.stitches.filter((stitch): stitch is JoinedStitch => stitch.kind === "stitch" && (stitch.stitchId - space.anchorDepths.length) % everyStitch === 0);
  const order = createRng(seed).stream("angle-batch").shuffle(Array.from({ length: data.count }, (_, index) => index));
  const batch = batchOf(data, order.slice(0, angleImages));
  const few = batchOf(data, order.slice(0, Math.min(12, angleImages)));
  const all: { readonly stitch: JoinedStitch; readonly gradients: HostGradients; readonly features: Float32Array | undefined }[] = [];
  for (const stitch of looked) {
    signal.throwIfAborted();
    all.push({ stitch, gradients: hostGradients(model, stitch.stitchId, batch), features: withCka ? featuresOf(model, stitch.stitchId, few) : undefined });
    tell(`gradients, stitch ${all.length} of ${looked.length}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const rows = (few.images.shape[0] ?? 0) * tokenCount(model.family.configs[0]!);
  disposeBatch(batch);
  disposeBatch(few);
  return all.flatMap((second, place) => all.slice(0, place).map((first) => ({
    first: first.stitch.stitchId, second: second.stitch.stitchId, distance: distanceOf(first.stitch, second.stitch),
    degreesLora: gradientAngle(first.gradients, second.gradients, (name) => name.includes(".lora_")), degreesAll: gradientAngle(first.gradients, second.gradients),
    cka: first.features === undefined || second.features === undefined ? null : Math.min(1, Math.max(0, linearCka(first.features, second.features, rows))),
  })));
}

/** Blocks by which two positions of the same pair of anchors differ. */
function distanceOf(first: JoinedStitch, second: JoinedStitch): number | null {
  return first.pair === second.pair ? Math.abs(first.frontBlock - second.frontBlock) + Math.abs(first.endBlock - second.endBlock) : null;
}

function hostGradients(model: TunedModel, stitchId: number, batch: ImageBatch): HostGradients {
  const result = stitchGradients(model, stitchId, batch);
  const values = Object.fromEntries(Object.entries(result.gradients).map(([name, gradient]) => [name, new Float32Array(gradient.dataSync())]));
  disposeGradients(result);
  return values;
}

/** Tokens that leave a stitch's last block, `[images × tokens, D]`. */
function featuresOf(model: TunedModel, stitchId: number, { images }: ImageBatch): Float32Array {
  const { configs, routes } = model.family;
  return new Float32Array(computedValues(() => stitchFeatures(configs, routes[stitchId]!, stitchView(model, stitchId), images)));
}

/** At the end of the training, means over pairs and tasks, seed by seed. */
export function angleClaims(rows: readonly PairRow[]): ClaimResult[] {
  const against = (source: ClaimResult["source"], scope: string, claim: string, updates = "low-rank updates", measure = ({ degreesLora }: PairRow) => degreesLora): ClaimResult => {
    const difference = aboveOwn(rows, scope, measure);
    return { claim, source, measure: `mean angle between ${updates}, ${scope === "none" ? "no" : scope} biases − own biases`, unit: "degrees", ours: difference, ...judge(difference) };
  };
  return [
    against("paper", "shared", "Biases of each stitch's own reduce the angles between updates, against shared ones"),
    against("paper", "shared", "Biases of each stitch's own reduce the angles between updates, counted on everything that both touch, against shared ones", "updates of all that both touch", ({ degreesAll }) => degreesAll),
    against("our question", "none", "Biases of each stitch's own reduce the angles between updates, against none"),
  ].filter(({ ours }) => ours !== null);
}
