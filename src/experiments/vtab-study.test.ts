import { expect, test } from "vitest";
import { experimentOf } from "./index.js";
import type { PlainData, Profile } from "./experiment.js";

const faults = (id: string, changes: PlainData, profile: Profile = "laptop"): readonly string[] => experimentOf(id).plan(profile, { changes, where: "run" }).faults();

test("a changed setting that every method sets for itself is refused; one that any of them reads is not", () => {
  expect(faults("rank-ablation", { rank: 3 })).toEqual(["run: rank is 3, expected 8: every method sets its own."]);
  expect(faults("sampling-ablation", { sampler: "uniform" })).toEqual(['run: sampler is "uniform", expected "importance": every method sets its own.']);
  // SN-Net never reads PST's rate, and every variant of PST has its own.
  expect(faults("learning-rates", { learningRate: 0.005 })).toEqual(["run: learningRate is 0.005, expected 0.003: every method sets its own."]);
  expect(faults("sampling-ablation", { temperature: 3 })).toEqual([]);
  expect(faults("sampling-ablation", { temperature: 3, methods: ["temperature-2"] })).toEqual(["run: temperature is 3, expected 1: every method sets its own."]);
  expect(faults("vtab-stitching", { rank: 4 })).toEqual([]);
});

test("a setting that the variants' own are made of may change", () => {
  expect(faults("rank-ablation", { family: "mini-fine" })).toEqual([]);
});

test("every method's own settings are checked: the pairs of a pair are no family", () => {
  expect(faults("rank-ablation", { family: "mini-ti-s", methods: ["ti-s-rank-1", "ti-s-rank-8"] })).toEqual([expect.stringMatching(/^run: family is "mini-ti-s-ti-s", expected one of mini, /)]);
});

test("three stages are refused a refit, which leaves nothing to choose by; one stage is not", () => {
  expect(faults("deployment-stages", { refit: true })).toEqual(["run: refit is true, expected false: validation accuracy chooses what three stages deploy, and refit trains on the validation images."]);
  expect(faults("deployment-stages", { refit: true, methods: ["one-stage"] })).toEqual([]);
});

test("paper profiles that keep validation images train for a hundred epochs of the others", () => {
  for (const id of ["learning-rates", "deployment-stages"]) expect(experimentOf(id).plan("paper").note).toContain(" 100 epochs of batch 64 on 800 images, ");
});
