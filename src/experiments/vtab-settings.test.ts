import { expect, test } from "vitest";
import { familyOf } from "../anchors/registry.js";
import type { PlainData } from "./experiment.js";
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

test("a setting that a method never reads is no part of its runs", () => {
  const settingsOf = (changes: PlainData): Map<string, string> => new Map(vtabStitching.plan("laptop", { changes: { tasks: ["digits"], ...changes }, seeds: [0] }).runs.map(({ settings }) => [String(settings["method"]), JSON.stringify(settings)]));
  const base = settingsOf({});
  const changedBy = (changes: PlainData): string[] => [...settingsOf(changes)].filter(([method, settings]) => base.get(method) !== settings).map(([method]) => method);
  expect(changedBy({ rank: 4 })).toEqual(["pst", "anchor-ti", "anchor-s", "anchor-b", "lora-only", "bias-only"]);
  expect(changedBy({ sampler: "uniform" })).toEqual(["pst", "lora-only", "bias-only"]);
  expect(changedBy({ fullLearningRate: 1e-3 })).toEqual(["sn-net"]);
  expect(changedBy({ steps: 499 })).toEqual([...base.keys()]);
});

test("PST and SN-Net are run on every task and with every seed before anything else", () => {
  const names = vtabStitching.plan("laptop").runs.map(({ name }) => name);
  expect(names.slice(0, 3)).toEqual(["task=digits_method=pst_seed=0", "task=digits_method=sn-net_seed=0", "task=street-digits_method=pst_seed=0"]);
  expect(names.slice(0, 114).every((name) => /method=(pst|sn-net)_/.test(name))).toBe(true);
  expect(names.slice(0, 38).every((name) => name.endsWith("seed=0"))).toBe(true);
  expect(names).toHaveLength(19 * 7 * 3);
});
