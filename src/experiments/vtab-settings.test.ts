import { expect, test } from "vitest";
import { familyOf } from "../anchors/registry.js";
import { vtabStitching } from "./vtab-stitching.js";
import { adaptSettingsOf, vtabBase, type VtabSettings } from "./vtab-settings.js";

test("only the paper profile refits, over a hundred epochs of all its images; none keeps weights unasked", () => {
  const of = (profile: "quick" | "laptop" | "paper"): VtabSettings => vtabStitching.settingsOf(profile) as VtabSettings;
  expect([of("quick"), of("laptop"), of("paper")].map(({ refit, saveWeights }) => [refit, saveWeights])).toEqual([[false, false], [false, false], [true, false]]);
  const { refit, train } = adaptSettingsOf(of("paper"), "pst", familyOf("vit"));
  expect({ refit, steps: train.steps, unit: train.scheduleUnit, length: train.schedule.length, warmup: train.schedule.warmup }).toEqual({ refit: true, steps: 1500, unit: "epoch", length: 100, warmup: 10 });
  expect(vtabStitching.plan("paper").note).toContain("100 epochs of batch 64 on 1000 images (validation included),");
  expect(vtabStitching.plan("laptop").note).toContain("500 steps of batch 32 on 800 images, ");
});

test("an epoch of a refit counts the validation images", () => {
  const settings = { ...vtabBase, steps: 300, batchSize: 50, scheduleUnit: "epoch" };
  const length = (refit: boolean): number => adaptSettingsOf({ ...settings, refit }, "pst", familyOf("mini")).train.schedule.length;
  expect([length(false), length(true)]).toEqual([300 / (800 / 50), 300 / (1000 / 50)].map(Math.ceil));
  expect(adaptSettingsOf(settings, "pst", familyOf("mini")).refit).toBeUndefined();
});

test("settings that are off leave a run's identity as it was; refit and kept weights make it another", () => {
  const settingsOf = (changes: Partial<VtabSettings>): object => vtabStitching.plan("quick", { changes }).runs[0]!.settings;
  expect(settingsOf({ refit: false, saveWeights: false })).toEqual(settingsOf({}));
  expect(Object.keys(settingsOf({}))).not.toContain("refit");
  expect(settingsOf({ refit: true, saveWeights: true })).toEqual({ ...settingsOf({}), refit: true, saveWeights: true });
});
