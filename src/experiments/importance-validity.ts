/**
 * @file Does the importance score predict accuracy? Every variant of the score, at several times of the training, against every stitch's test accuracy.
 *
 * Run:     ./reproduce.sh quick importance-validity
 * Writes:  results/<profile>/importance-validity/: rows.csv (a score a line), the table of correlations and regrets, the figure
 * Expects: nothing published; it is the premise of deployment without evaluation, and the paper's least supported claim.
 * Differs: stitches are drawn uniformly, so that no variant profits from having steered the training.
 */
import { join } from "node:path";
import { familyOf } from "../anchors/registry.js";
import { wholeNumberProblem } from "../checks.js";
import { createRng } from "../rng.js";
import { importanceVariants } from "../sampling/importance.js";
import { judge, type ClaimResult } from "../reporting/claims.js";
import { validityFigure } from "../reporting/figures/validity-figure.js";
import { PAPER_SCORE, scoreLines, scoreRows, validityOf, validityTable, type ScoreRow } from "../reporting/score-validity.js";
import { tablePaths, writeTable } from "../reporting/table.js";
import { validityFindings } from "../reporting/importance-validity-findings.js";
import { adapt } from "../training/adapt.js";
import { batchOf, disposeBatch, prepareSplit, stepsPerEpoch, type PreparedSplit } from "../training/batches.js";
import { disposeGradients, importanceScore, stitchGradients } from "../training/gradients.js";
import type { TunedModel } from "../tuning/tuned-model.js";
import { defineExperiment, type RunContext } from "./experiment.js";
import { onCommonRuns } from "./on-common-runs.js";
import { ablationQuick, adaptSettingsOf, vtabImages, vtabLaptop, vtabPaper, vtabSettingKinds, type VtabSettings } from "./vtab-settings.js";
import { vtabMemory, vtabWork } from "./vtab-estimates.js";
import { studyProblems, trainedImages, unreadSettings, vtabIngredients, vtabNote, vtabSources } from "./vtab-study.js";
import { anchorsOf, taskOf } from "./vtab-sources.js";

type ValiditySettings = VtabSettings & {
  /** Times at which every stitch is scored, evenly spread; the last is the end of the training. */
  readonly snapshots: number;
  /** Training batches that a score is the mean of. */
  readonly scoreBatches: number;
};
type Point = { readonly task: string };

const variant = { adapts: "pst" } as const;
const of = (settings: VtabSettings, snapshots: number, scoreBatches: number): ValiditySettings => ({ ...settings, methods: ["pst"], sampler: "uniform", snapshots, scoreBatches });

export const importanceValidity = defineExperiment<ValiditySettings, Point, ScoreRow>({
  id: "importance-validity",
  question: "Does the importance score predict a stitch's accuracy among stitches of like cost, and from when on?",
  claim: "Important stitches are the accurate ones (the paper's premise; it shows no correlation)",
  // Without a refit an epoch has twelve steps: a hundred epochs are 1200.
  settings: { quick: of({ ...ablationQuick, batchSize: 16 }, 2, 1), laptop: of(vtabLaptop, 4, 2), paper: of({ ...vtabPaper, refit: false, steps: 1200 }, 5, 2) },
  seeds: { quick: [0], laptop: [0, 1, 2], paper: [0, 1, 2, 3, 4] },
  note: (settings, seeds, profile) => vtabNote(settings, seeds, profile, `learning rate ${settings.learningRate}`),
  kinds: { ...vtabSettingKinds, snapshots: "number", scoreBatches: "number" },
  outsideIdentity: ["tasks", "methods", "weightsFolder", "dataFolder"],
  unread: () => unreadSettings(variant),
  revision: 1,
  rowType: scoreRows,
  points: ({ tasks }) => tasks.map((task) => ({ task })),
  ...vtabSources,
  problems: (where, settings) => [
    ...studyProblems({ pst: variant }, where, settings),
    ...wholeNumberProblem(where, "snapshots", settings.snapshots, 1, settings.steps, "the number of steps"),
    ...wholeNumberProblem(where, "scoreBatches", settings.scoreBatches, 1, stepsPerEpoch(vtabImages({ refit: false }), settings.batchSize), "the batches of the training images"),
    ...(settings.loraTargets === "none" ? [`${where}: loraTargets is "none", expected qkv, q+v or qkv+proj: the score merged is of weights that low-rank updates fold into.`] : []),
  ],
  ingredients: vtabIngredients,
  run: runValidity,
  // Scoring all stitches takes two backward passes each.
  work: (point, settings) => vtabWork(point, variant, settings) + 2 * settings.snapshots * settings.scoreBatches * vtabWork(point, variant, { ...settings, steps: 71, testImages: 1, valImages: 1 }),
  memory: (_, settings) => vtabMemory(variant, settings),
  ...onCommonRuns(() => "", {
    figures: { validity: validityFigure },
    report: async (rows, { folder, note }) => void writeTable(join(folder, "tables"), validityTable(rows, note)),
    claims: validityClaims,
    found: validityFindings,
  }),
  reportFiles: tablePaths("validity"),
});

async function runValidity({ task }: Point, settings: ValiditySettings, { seed, profile, onProgress, signal }: RunContext): Promise<ScoreRow[]> {
  const [family, dataset] = [await anchorsOf(settings), await taskOf(settings, task)];
  const { steps, snapshots, scoreBatches, batchSize, bins } = settings;
  const data = prepareSplit(dataset.train, dataset.imageSize, family.normalisation);
  const times = new Set(Array.from({ length: snapshots }, (_, index) => Math.round((steps * (index + 1)) / snapshots)));
  const scores: { readonly step: number; readonly variant: string; readonly values: readonly number[] }[] = [];
  // No checkpoint: scores of earlier snapshots would be lost with it, and the run is short.
  const result = await adapt(family, dataset, adaptSettingsOf(settings, "pst", familyOf(settings.family), trainedImages(dataset, settings)), {
    seed, onProgress, signal,
    afterStep: async (model, { step }, tell) => {
      if (times.has(step)) scores.push(...(await scoresAt(model, data, step, batchSize, scoreBatches, seed, tell, signal)));
    },
  });
  scores.push({ step: steps, variant: "training-average", values: result.outcomes.map(({ importance }) => importance) });
  return scores.flatMap(({ step, variant: name, values }) => result.outcomes.map(({ stitchId, top1 }) => ({
    task, group: dataset.group, seed, variant: name, step, steps, stitchId, flops: result.family.costs[stitchId]!.flops, bins, score: values[stitchId]!, top1, profile,
  })));
}

/** Scores of every stitch by every variant on the same training batches. */
async function scoresAt(model: TunedModel, data: PreparedSplit, step: number, batchSize: number, batches: number, seed: number, tell: (label: string) => void, signal: AbortSignal): Promise<{ step: number; variant: string; values: number[] }[]> {
  const rng = createRng(seed);
  const order = rng.stream(`score-batches/${step}`).shuffle(Array.from({ length: data.count }, (_, index) => index));
  const sums = new Map<string, number[]>(importanceVariants.map((name) => [name, []]));
  for (let index = 0; index < batches; index++) {
    const batch = batchOf(data, order.slice(index * batchSize, (index + 1) * batchSize));
    for (const { stitchId } of model.family.space.stitches) {
      signal.throwIfAborted();
      const result = stitchGradients(model, stitchId, batch);
      for (const [name, values] of sums) {
        const score = importanceScore(name as (typeof importanceVariants)[number], model, stitchId, batch, result, () => rng.stream(`random/${step}/${index}/${stitchId}`).uniform());
        values[stitchId] = (values[stitchId] ?? 0) + score / batches;
      }
      disposeGradients(result);
      tell(`scores after step ${step}, stitch ${stitchId + 1} on batch ${index + 1} of ${batches}`);
      if (stitchId % 8 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    disposeBatch(batch);
  }
  return [...sums].map(([name, values]) => ({ step, variant: name, values }));
}

/** Is the correlation positive, at the end of the training and early on, and is the score's choice better than a uniform random one? */
export function validityClaims(rows: readonly ScoreRow[]): ClaimResult[] {
  const lines = scoreLines(rows);
  const variants = [...new Set(lines.map(({ variant: name }) => name))].filter((name) => name !== "random");
  const shares = [...new Set(lines.map(({ share }) => share))].sort((a, b) => a - b);
  const ranking = (claim: string, source: ClaimResult["source"], name: string, share: number): ClaimResult => {
    const ours = validityOf(lines, name, "spearmanInBins", share);
    const time = share === 1 ? ", end of training" : ` after ${Math.round(100 * share)} % of the training`;
    return { claim, source, measure: `Spearman's ρ within FLOPs bins${time}`, unit: "correlation", ours, ...judge(ours) };
  };
  const choosing = (claim: string, source: ClaimResult["source"], name: string, whose: string): ClaimResult => {
    const ours = validityOf(lines, name, "gain");
    return { claim, source, measure: `regret expected of a uniform random choice − regret of the ${whose}'s`, ours, ...judge(ours) };
  };
  // The paper's and the one that predicts accuracy; the findings tell of all.
  const early = shares.length < 2 ? [] : [PAPER_SCORE, "loss"];
  return [
    ranking("The score (trainable) ranks stitches of like cost by accuracy", "paper", PAPER_SCORE, 1),
    choosing("Choosing each bin's most important stitch beats a random choice", "paper", PAPER_SCORE, "score"),
    choosing("Choosing each bin's stitch of least training loss beats a random choice", "our question", "loss", "loss"),
    ...early.map((name) => ranking(`The score ${name === PAPER_SCORE ? "" : `${name} `}ranks stitches of like cost by their final accuracy early on`, "our question", name, shares[0]!)),
    ...variants.filter((name) => name !== PAPER_SCORE).map((name) => ranking(`The score ${name} ranks stitches of like cost by accuracy`, "our question", name, 1)),
  ].filter(({ ours }) => ours !== null);
}
