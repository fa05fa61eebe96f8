/**
 * @file vtab-stitching in small, for tests: the tiny family on the tiny task, through the same rows, tables and figures.
 */
import { defineExperiment, type Experiment } from "../experiments/experiment.js";
import { measuredStitchClaims, reportStitchRows, stitchFigures, stitchReportFiles } from "../experiments/stitch-report.js";
import { variantOf } from "../experiments/vtab-stitching.js";
import { stitchRowsOf } from "../experiments/vtab-study.js";
import { stitchRows, type StitchRow } from "../reporting/record.js";
import { adapt, type AdaptSettings } from "../training/adapt.js";
import { tinyFamily, tinySettings, tinyTask } from "./tiny-family.js";

type TinySettings = { readonly methods: readonly string[]; readonly steps: number; readonly learningRate: number };
type TinyPoint = { readonly method: string };

/** @param checkpointEvery - steps between checkpoints. */
export function tinyExperiment(checkpointEvery = 4): Experiment {
  const settings: TinySettings = { methods: ["pst", "sn-net", "anchor-ti"], steps: 12, learningRate: 0.01 };
  return defineExperiment<TinySettings, TinyPoint, StitchRow>({
    id: "tiny-stitching",
    question: "Does the whole chain hold?",
    claim: "none published",
    settings: { quick: settings, laptop: settings, paper: settings },
    note: ({ steps }, _, profile) => `${profile}: ${steps} steps of a made-up family`,
    kinds: { methods: "texts", steps: "number", learningRate: "number" },
    outsideIdentity: ["methods"],
    revision: 1,
    seeds: { quick: [0], laptop: [0, 1], paper: [0] },
    rowType: stitchRows,
    points: ({ methods }) => methods.map((method) => ({ method })),
    problems: () => [],
    ingredients: async () => ({ weights: [], data: [] }),
    async run({ method }, { steps, learningRate }, { seed, profile, checkpoint, fingerprint, onProgress, signal }) {
      const result = await adapt(tinyFamily(), tinyTask(), adaptSettings(method, steps, learningRate), { seed, checkpoint, checkpointEvery, fingerprint, onProgress, signal });
      return stitchRowsOf(result, tinyFamily(), { task: "corners", group: "structured", method: variantOf(method).method ?? method, seed, profile }, variantOf(method));
    },
    work: (_, { steps }) => steps,
    figures: stitchFigures(),
    report: reportStitchRows,
    reportFiles: stitchReportFiles,
    claims: measuredStitchClaims,
  });
}

function adaptSettings(method: string, steps: number, learningRate: number): AdaptSettings {
  const base = tinySettings(steps);
  const settings: AdaptSettings = { ...base, train: { ...base.train, schedule: { ...base.train.schedule, base: learningRate } } };
  if (method === "sn-net") return { ...settings, method: { kind: "full" }, train: { ...settings.train, sampler: { ...settings.train.sampler, kind: "uniform" }, importance: "loss" } };
  return method === "pst" ? settings : { ...settings, anchorAlone: 0 };
}
