/**
 * @file What the ablations found, in sentences, from rows whose answers are known by heart.
 */
import { expect, test } from "vitest";
import { trainingShare } from "../experiments/deployment-stages.js";
import { stageFindings } from "./deployment-stages-findings.js";
import { rateFindings } from "./learning-rates-findings.js";
import { loraFindings } from "./lora-vs-full-findings.js";
import { techniqueFindings } from "./peft-techniques-findings.js";
import { rankFindings } from "./rank-ablation-findings.js";
import type { StitchRow } from "./record.js";
import type { RunRecord } from "./run-record.js";
import { samplingFindings } from "./sampling-ablation-findings.js";

const base: StitchRow = {
  task: "digits", group: "natural", method: "", seed: 0, stitchId: 0, kind: "anchor", front: "vit-mini-ti", end: "vit-mini-ti", frontBlock: null, endBlock: null,
  flops: 1000, params: 10, trainableParams: 100, top1: 0.5, valTop1: 0.5, importance: null, visits: null, selected: 0, profile: "quick",
};
const row = (changes: Partial<StitchRow>): StitchRow => ({ ...base, ...changes });
const ofSeeds = (seeds: readonly number[], rowsOf: (seed: number) => StitchRow[]): StitchRow[] => seeds.flatMap(rowsOf);

/** A run whose areas are these: at every budget an oracle, the score and validation each pick another of three stitches of one cost; a fourth opens the range. */
const areas = (method: string, seed: number, frontier: number, deployed: number, picked: number): StitchRow[] => [
  row({ method, seed, stitchId: 0, top1: frontier, valTop1: 0.1 }), row({ method, seed, stitchId: 1, kind: "stitch", top1: deployed, valTop1: 0.2, selected: 1 }),
  row({ method, seed, stitchId: 2, kind: "stitch", top1: picked, valTop1: 0.9 }), row({ method, seed, stitchId: 3, kind: "anchor", front: "vit-mini-s", flops: 2000, top1: 0, valTop1: 0 }),
];
const record = (task: string, method: string, seed: number, processorSeconds: number | null): RunRecord => ({ seed, processorSeconds, settings: { task, method } } as unknown as RunRecord);
const knobs = [{ name: "Temperature", letter: "τ", methods: [["0.5", "temperature-0.5"], ["1", "importance"], ["2", "temperature-2"]] }] as const;

test("sampling: frontier, what is deployed and what validation would pick, each for or against the paper", () => {
  const rows = ofSeeds([0, 1, 2], (seed) => [...areas("importance", seed, 0.7, 0.6, 0.6 + seed / 100), ...areas("uniform", seed, 0.72, 0.57, 0.61)]);
  expect(samplingFindings(rows, {}, knobs)).toEqual([
    "Importance sampling against uniform: the frontier, from which an oracle picks, is below (−2.0 ± 0.0 points, 95 % interval −2.0 to −2.0), against the paper; " +
      "what the score deploys is above (+3.0 ± 0.0 points, 95 % interval +3.0 to +3.0), for the paper; what validation accuracy would pick is not told apart (0.0 ± 1.0 points, 95 % interval −2.5 to +2.5).",
  ]);
});

test("sampling: draws of the stitches drawn most, of the dearer half and of anchors; the settings that move most", () => {
  const visits = [2, 6, 1, 3];
  const drawn = (method: string): StitchRow[] => areas(method, 0, 0.7, 0.6, 0.65).map((one, index) => ({ ...one, visits: visits[index]! }));
  const rows = [...drawn("importance"), ...areas("temperature-0.5", 0, 0.66, 0.61, 0.65), ...areas("temperature-2", 0, 0.71, 0.57, 0.65)];
  // The most drawn of four takes 6 of 12 steps; the dearer half, by cost and then by number, is the last stitch and the first: 3 + 2 of 12.
  expect(samplingFindings(rows, { importance: "importance", uniform: "uniform" }, knobs)).toEqual([
    "Steps that go to the tenth of the stitches that is drawn most, steps that go to the dearer half, and draws of an anchor: importance 50.0 %, 41.7 % and 2.5.",
    "A stitch is drawn 3.0 times in the mean, so that a score has little time to steer; longer training may judge otherwise.",
    "Of the other settings of importance sampling, against the default: the frontier moves most with τ 0.5, below (−4.0 points, one seed); what is deployed moves most with τ 2, below (−3.0 points, one seed).",
  ]);
  const certain = samplingFindings(ofSeeds([0, 1, 2], (seed) => [...areas("importance", seed, 0.7, 0.6, 0.65), ...areas("temperature-0.5", seed, 0.66, 0.6 + (seed - 1) / 100, 0.65)]), {}, knobs);
  expect(certain.at(-1)).toContain("the frontier moves most with τ 0.5, below (−4.0 ± 0.0 points, 95 % interval −4.0 to −4.0) (intervals off zero: τ 0.5); what is deployed");
  expect(certain.at(-1)).toMatch(/what is deployed moves most with τ 0\.5, not told apart \(.*\) \(no setting's interval is off zero\)\.$/);
});

test("stages: accuracy, budget by budget, the four-fold steps, work and measured time", () => {
  const rows = ofSeeds([0, 1], (seed) => [...areas("one-stage", seed, 0.68, 0.6, 0.6), ...areas("three-stages", seed, 0.7, 0.7, 0.6)]);
  // Four stitches of mean 1250 in two passes; the anchors of 1000 and 2000 and the stitches again in three: 2500 of 3 · 4250.
  expect(trainingShare(rows)).toBeCloseTo(2500 / 12750, 12);
  expect(trainingShare(rows.filter(({ method }) => method === "one-stage"))).toBeNull();
  const records = [record("digits", "one-stage", 0, 30), record("digits", "three-stages", 0, 90), record("digits", "one-stage", 1, 10), record("digits", "three-stages", 1, null)];
  expect(stageFindings(rows, trainingShare(rows), records)).toEqual([
    "Against three stages, what one stage deploys is below (−10.0 ± 0.0 points, 95 % interval −10.0 to −10.0), against the paper; its frontier, from which an oracle picks, is below (−2.0 ± 0.0 points, 95 % interval −2.0 to −2.0), against the paper: 20.0 % of the difference is there before anything is chosen.",
    "One stage's best stitch less that of three: −2.0 ± 0.0 points within the cost of Ti and −2.0 ± 0.0 points within the cost of S.",
    "Three stages train 3 times as many steps as one: each anchor alone, then all stitches, as many each time as one stage has in all. One stage with as many steps as all of them was not run.",
    "In training one stage computes 19.6 % of what three do (multiply–accumulates; a step with frozen weights counts two passes, one of full fine-tuning three).",
    "Measured, a run takes 30 s of processor time against 90 s (33.3 %); both evaluate every stitch on validation and test images, which one stage needs for our comparison alone.",
  ]);
  expect(stageFindings(rows, trainingShare(rows), [])).toHaveLength(4);
  const longer = [...rows, ...ofSeeds([0, 1], (seed) => areas("one-stage-longer", seed, 0.71, 0.69, 0.6))];
  expect(stageFindings(longer, trainingShare(longer), [])[2]).toBe(
    "Three stages train 3 times as many steps as one: each anchor alone, then all stitches, as many each time as one stage has in all. With as many steps as all of them one stage computes 58.8 % of what they do: " +
    "against three stages what it deploys is below (−1.0 ± 0.0 points, 95 % interval −1.0 to −1.0), and its frontier above (+1.0 ± 0.0 points, 95 % interval +1.0 to +1.0); " +
    "against one stage with its own steps what it deploys is above (+9.0 ± 0.0 points, 95 % interval +9.0 to +9.0).",
  );
  expect(stageFindings(rows.filter(({ method }) => method === "one-stage"), null, records)).toEqual([]);
});

test("ranks: the gain, what of it lies beyond the paper's rank, the best rank of a group, and what low-rank updates are of what is trained", () => {
  const trained = { 1: 1000, 8: 1700, 16: 2500 } as const;
  const rows = ([1, 8, 16] as const).flatMap((rank) => [["digits", "natural", 0.5 + rank / 100], ["earth", "specialised", rank === 8 ? 0.6 : 0.5]] as const).map(([task, group, top1], index) =>
    row({ task, group, top1, method: `ti-s-rank-${[1, 1, 8, 8, 16, 16][index]!}`, trainableParams: trained[([1, 1, 8, 8, 16, 16] as const)[index]!] }));
  expect(rankFindings(rows, 8)).toEqual([
    "Mean accuracy of all stitches from the lowest rank to the highest: Ti–S, rank 1 to 16, +7.5 points, one seed.",
    "Of that, beyond the paper's rank 8: Ti–S, rank 8 to 16, −1.0 points, one seed.",
    "Best rank by group of tasks, and its gain on the lowest: natural rank 16 (Ti–S, +15.0 points); specialised rank 8 (Ti–S, +10.0 points).",
    // A hundred values a rank: 1600 of 2500 are low-rank updates.
    "Trained parameters, and MiB with gradients and AdamW's averages: Ti–S, 1k and 0.0 at rank 1, 3k and 0.0 at rank 16, of which the low-rank updates are 64.0 %.",
    "Learning rate and scaling are the same at every rank, neither chosen anew: part of a gain may be that of larger steps.",
  ]);
  expect(rankFindings(rows.filter(({ method }) => method === "ti-s-rank-8"), 8)).toEqual([]);
});

test("single anchors: LoRA against full fine-tuning with its share of the parameters, in all and by group; what was not run is not told", () => {
  const rows = ofSeeds([0, 1], (seed) => [["digits", "natural", 0.02], ["earth", "specialised", -0.04]].flatMap(([task, group, gain]) => [
    row({ task: task as string, group: group as StitchRow["group"], seed, method: "full", top1: 0.6, trainableParams: 1000 }),
    row({ task: task as string, group: group as StitchRow["group"], seed, method: "lora-8-bias", top1: 0.6 + (gain as number), trainableParams: 50 }),
  ]));
  expect(loraFindings(rows)).toEqual([
    "LoRA of rank 8 with biases against full fine-tuning: below (−1.0 ± 0.0 points, 95 % interval −1.0 to −1.0), with 5.0 % (Ti) of its trained parameters; by group of tasks natural +2.0 ± 0.0 points and specialised −4.0 ± 0.0 points.",
    "All are means of tasks and anchors. Full fine-tuning has a learning rate of its own, all else shares one; neither was chosen for an anchor alone.",
  ]);
  expect(loraFindings(rows.filter(({ method }) => method === "full"))).toEqual([]);
});

test("techniques: LoRA against the others in order, what folds in, time of the runs that are compared, and the conditions", () => {
  const about = { lora: { label: "LoRA", mergeable: true }, "vpt-deep": { label: "VPT (deep)", mergeable: false }, full: { label: "Full", mergeable: true } };
  const rows = ofSeeds([0, 1], (seed) => [
    ...areas("lora", seed, 0.6, 0.6, 0.6), ...areas("vpt-deep", seed, 0.5, 0.5, 0.5), ...areas("full", seed, 0.64, 0.64, 0.64).map((one) => ({ ...one, trainableParams: 650 })),
  ]);
  const records = [record("digits", "lora", 0, 20), record("digits", "vpt-deep", 0, 30), record("digits", "full", 0, 10), record("earth", "lora", 0, 1000)];
  expect(techniqueFindings(rows, records, about)).toEqual([
    "Mean accuracy of all stitches, LoRA: below Full (−3.0 ± 0.0 points); above VPT (deep) (+7.5 ± 0.0 points).",
    "Full fine-tuning trains 6.5 times as many parameters, 0 MiB against 0 with gradients and AdamW's averages; along the frontier LoRA is below (−4.0 ± 0.0 points, 95 % interval −4.0 to −4.0).",
    "LoRA and Full fold into the weights; VPT (deep) does not and costs more to run than the stitch's FLOPs say.",
    "Processor seconds of a run, training and evaluation: Full 10, LoRA 20 and VPT (deep) 30.",
    "Conditions that favour LoRA: all but full fine-tuning have the learning rate that was chosen for PST; prompts train 8·D weights a block (deep) or in all (shallow), where LoRA, adapters and prefixes train 32·D a block.",
  ]);
  expect(techniqueFindings(rows.filter(({ method, seed }) => method !== "full" && seed === 0), [], about)).toEqual([
    "Mean accuracy of all stitches, LoRA (one seed): above VPT (deep) (+7.5 points).",
    "LoRA folds into the weights; VPT (deep) does not and costs more to run than the stitch's FLOPs say.",
    "Conditions that favour LoRA: all techniques have the learning rate that was chosen for PST; prompts train 8·D weights a block (deep) or in all (shallow), where LoRA, adapters and prefixes train 32·D a block.",
  ]);
  expect(techniqueFindings(rows.filter(({ method }) => method === "full"), [], about)).toEqual([]);
});

test("rates: the choice, the comparison at it and rate by rate, and a choice at the end of what was tried", () => {
  const at = (method: string, top1: number, valTop1: number): StitchRow[] => areas(method, 0, top1, top1, top1).map((one) => ({ ...one, valTop1 }));
  const rows = [...at("pst-0.001", 0.5, 0.4), ...at("pst-0.003", 0.6, 0.5), ...at("sn-net-0.0001", 0.52, 0.6), ...at("sn-net-0.0003", 0.55, 0.5)];
  expect(rateFindings(rows)).toEqual([
    "Validation chooses 0.003 for PST and 0.0001 for SN-Net; at these PST's frontier, against SN-Net's, is above (+8.0 points, one seed).",
    "With SN-Net at a tenth of PST's rate, PST − SN-Net is −2.0 points at 0.001 and +5.0 points at 0.003: the order changes with the rate (one seed).",
    "In area under the frontier the chosen rates gain PST +10.0 points on 0.001 and SN-Net −3.0 points on 0.0003.",
    "The highest rate that was tried is the choice for PST: a higher one may be better still.",
  ]);
  expect(rateFindings(rows.filter(({ method }) => method.startsWith("pst")))).toEqual([]);
});
