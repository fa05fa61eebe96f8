import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadWeights } from "../anchors/load-weights.js";
import { disposeTree, toTree, treeView, type HostTensor } from "../anchors/parameters.js";
import { readSafetensors } from "../anchors/safetensors.js";
import { vitLogits } from "../anchors/vit.js";
import type { VitConfig } from "../anchors/vit-shape.js";
import { stitchLogits } from "../stitching/forward.js";
import type { Route } from "../stitching/route.js";
import { useBackend, type Tensor } from "../tensor/index.js";
import { tinyFamily, tinySettings, tinyTask } from "../testing/tiny-family.js";
import { disposeMerged, mergeModel } from "../tuning/merge.js";
import { disposeModel, modelLogits } from "../tuning/tuned-model.js";
import { adapt, type AdaptSettings } from "./adapt.js";
import { adaptedRecord, loadAdapted, saveAdapted, type AdaptedModel } from "./adapted-file.js";
import { batchOf, disposeBatch, prepareSplit } from "./batches.js";
import { exportStitch, mostImportantStitch } from "./export-stitch.js";

/** Where a route starts or ends, as the file says. */
interface Place {
  readonly anchor: number;
  readonly config: VitConfig;
}

let folder: string;
let model: AdaptedModel;
const family = tinyFamily();
const task = { ...tinyTask(), classNames: ["one", "two", "three"] };

async function adapted(name: string, settings: AdaptSettings): Promise<AdaptedModel> {
  const path = join(folder, `${name}.safetensors`);
  await adapt(family, task, settings, { seed: 4, onTrained: (trained, stitches) => saveAdapted(path, trained, adaptedRecord(family, task, settings, { kit: "1.2.3", method: name, seed: 4, stitches })) });
  return loadAdapted(path, family);
}

beforeAll(async () => {
  await useBackend("auto", { threads: 1 });
  folder = mkdtempSync(join(tmpdir(), "esta-export-"));
  model = await adapted("pst", tinySettings(30));
});
afterAll(() => {
  disposeModel(model);
  rmSync(folder, { recursive: true, force: true });
});

/** Values that agree to 1e-5, relative to the largest: folding rounds once more. */
function expectSame(actual: readonly number[], expected: readonly number[]): void {
  const scale = Math.max(1, ...expected.map(Math.abs));
  expect(actual).toHaveLength(expected.length);
  actual.forEach((value, place) => expect(Math.abs(value - expected[place]!) / scale).toBeLessThan(1e-5));
}

function valuesOf(logits: Tensor): number[] {
  const values = [...logits.dataSync()];
  logits.dispose();
  return values;
}

test("every exported stitch has the logits of the merged model, run from its file alone", () => {
  const batch = batchOf(prepareSplit(task.test, task.imageSize, family.normalisation), [0, 1, 2, 3, 4]);
  const merged = mergeModel(model);
  const path = join(folder, "out.safetensors");
  for (const { stitchId, kind } of model.family.space.stitches) {
    exportStitch(path, model, stitchId);
    const expected = valuesOf(modelLogits(merged, stitchId, batch.images));
    expectSame(valuesOf(modelLogits(model, stitchId, batch.images)), expected);
    const { tensors, metadata } = readSafetensors(path);
    const about = JSON.parse(metadata["esta"]!) as { readonly route: Route; readonly front: Place; readonly end: Place };
    const values = Object.fromEntries([...tensors].map(([name, { shape, data }]): [string, HostTensor] => [name, { shape, data: data as Float32Array }]));
    const tree = toTree(kind === "anchor" ? loadWeights(path, { anchorId: "any", config: about.front.config }).parameters : values);
    const configs = Object.assign([], { [about.front.anchor]: about.front.config, [about.end.anchor]: about.end.config }) as VitConfig[];
    const logits = kind === "anchor" ? vitLogits(about.front.config, treeView(tree), batch.images) : stitchLogits(configs, about.route, treeView(tree), batch.images);
    expectSame(valuesOf(logits), expected);
    disposeTree(tree);
  }
  disposeMerged(merged);
  disposeBatch(batch);
});

test("a joined stitch's file holds its route's modules alone, and says what it is", () => {
  const path = join(folder, "joined.safetensors");
  const stitch = model.family.space.stitches.find((one) => one.kind === "stitch" && one.frontBlock === 0 && one.endBlock === 1 && one.front === 1)!;
  exportStitch(path, model, stitch.stitchId);
  const { tensors, metadata } = readSafetensors(path);
  const modules = new Set([...tensors.keys()].map((name) => name.split(".").slice(0, name.startsWith("anchors") ? 4 : 2).join(".")));
  expect([...modules].filter((name) => name.includes(".blocks.") || name.startsWith("stitching")).sort()).toEqual(["anchors.1.blocks.0", "anchors.2.blocks.1", "stitching_layers.1"]);
  expect([...tensors.keys()].filter((name) => name.includes("lora") || name.startsWith("stitches"))).toEqual([]);
  const { flops, paramsWithEmbeddings: params } = model.family.costs[stitch.stitchId]!;
  expect([...tensors.values()].reduce((sum, { data }) => sum + data.length, 0)).toBe(params);
  expect(metadata["format"]).toBe("pt");
  expect(JSON.parse(metadata["esta"]!)).toEqual({
    kit: "1.2.3", family: "tiny", stitch, flops, params, task: "corners", classes: 3, classNames: ["one", "two", "three"], normalisation: family.normalisation, method: "pst", seed: 4,
    front: { anchor: 1, anchorId: "tiny-1", sha256: "", config: model.family.configs[1] },
    end: { anchor: 2, anchorId: "tiny-2", sha256: "", config: model.family.configs[2] },
    route: [
      { kind: "embed", anchor: 1 }, { kind: "block", anchor: 1, block: 0 }, { kind: "stitch", front: 1, end: 2, stitchingLayerId: 1 },
      { kind: "block", anchor: 2, block: 1 }, { kind: "norm", anchor: 2 }, { kind: "head", anchor: 2 },
    ],
  });
});

test("the most important stitch within the budget is taken, ties going to the smaller id", () => {
  const scored = (scores: readonly number[]): AdaptedModel => ({ ...model, record: { ...model.record, stitches: model.record.stitches.map((stitch, place) => ({ ...stitch, importance: scores[place] ?? 0 })) } });
  const costs = model.family.costs.map(({ flops }) => flops);
  expect(mostImportantStitch(scored([1, 3, 3]))).toBe(1);
  expect(mostImportantStitch(scored([1, 2, 3]), costs[1])).toBe(1);
  expect(mostImportantStitch(scored([1, 2, 3]), costs[0])).toBe(0);
  expect(() => mostImportantStitch(model, 10)).toThrow(new RegExp(`^export: --flops is 10, expected at least ${costs[0]}, the cheapest stitch's multiply–accumulates\\.$`));
});

test("a stitch that was not adapted, or a method without importance, is told", async () => {
  const path = join(folder, "none.safetensors");
  expect(() => exportStitch(path, model, 11)).toThrow(/^export: stitch is 11, expected a whole number from 0 to 10 \(the stitches that were adapted\)\.$/);
  const full = await adapted("sn-net", { ...tinySettings(2), method: { kind: "full" } });
  expect(() => mostImportantStitch(full)).toThrow(/^export: sn-net has no importance to choose by, expected a stitch: name one with --stitch\.$/);
  disposeModel(full);
  const alone = await adapted("anchor-s", { ...tinySettings(2), anchorAlone: 1 });
  expect(mostImportantStitch(alone)).toBe(1);
  expect(() => exportStitch(path, alone, 0)).toThrow(/^export: stitch is 0, expected a whole number from 1 to 1 \(the stitches that were adapted\)\.$/);
  disposeModel(alone);
});
