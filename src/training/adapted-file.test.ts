import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readSafetensors, writeSafetensors, type TensorToStore } from "../anchors/safetensors.js";
import { useBackend } from "../tensor/index.js";
import { tinyFamily, tinySettings, tinyTask } from "../testing/tiny-family.js";
import { disposeModel, modelLogits, trainableCount, type TunedModel } from "../tuning/tuned-model.js";
import type { TuningMethod } from "../tuning/method.js";
import { adapt, type AdaptResult, type AdaptSettings, type AnchorFamily } from "./adapt.js";
import { adaptedRecord, loadAdapted, readAdaptedRecord, saveAdapted } from "./adapted-file.js";
import { batchOf, disposeBatch, prepareSplit } from "./batches.js";
import { adaptedStitches } from "./train.js";

let folder: string;
beforeAll(async () => {
  await useBackend("auto", { threads: 1 });
  folder = mkdtempSync(join(tmpdir(), "esta-adapted-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const plain = tinyFamily();
const family: AnchorFamily = { ...plain, anchors: plain.anchors.map((anchor, place) => ({ ...anchor, sha256: `sha-${place}` })) };
const task = { ...tinyTask(), classNames: ["one", "two", "three"] };
const rank2 = tinySettings().method as TuningMethod & { kind: "pst" };

/** Adapts, saves, and remembers the logits of every stitch just after training. */
async function adaptAndSave(path: string, settings: AdaptSettings): Promise<{ logits: Map<number, number[]>; result: AdaptResult }> {
  let logits = new Map<number, number[]>();
  const onTrained: NonNullable<Parameters<typeof adapt>[3]["onTrained"]> = (model, stitches) => {
    saveAdapted(path, model, adaptedRecord(family, task, settings, { kit: "1.2.3", method: "pst", seed: 4, stitches }));
    logits = logitsOf(model);
  };
  return { result: await adapt(family, task, settings, { seed: 4, onTrained }), logits };
}

function logitsOf(model: TunedModel): Map<number, number[]> {
  const batch = batchOf(prepareSplit(task.test, task.imageSize, family.normalisation), [0, 1, 2, 3, 4]);
  const logits = new Map(adaptedStitches(model).map((stitchId) => {
    const tensor = modelLogits(model, stitchId, batch.images);
    const values = [...tensor.dataSync()];
    tensor.dispose();
    return [stitchId, values];
  }));
  disposeBatch(batch);
  return logits;
}

const ways: readonly (readonly [string, Partial<AdaptSettings>])[] = [
  ["PST", {}],
  ["PST on q and v, biases shared, without final norms", { method: { ...rank2, loraTargets: "q+v", biasScope: "shared", scaling: 0.5 }, finalNorm: false }],
  ["PST with frozen biases", { method: { ...rank2, biasScope: "none" } }],
  ["full fine-tuning", { method: { kind: "full" } }],
  ["an anchor alone", { anchorAlone: 1 }],
  ["windows of one block", { windowSize: 1 }],
];

test.each(ways)("an adapted family read back has the logits of the trained one, bit for bit: %s", async (_, changes) => {
  const path = join(folder, "ways", "run.safetensors");
  const { logits } = await adaptAndSave(path, { ...tinySettings(8), ...changes });
  const model = loadAdapted(path, family);
  expect(logitsOf(model)).toEqual(logits);
  expect(logits.size).toBe(changes.anchorAlone === undefined ? model.family.space.stitches.length : 1);
  disposeModel(model);
});

test("the file holds what was trained and the stitching layers, and says what they are", async () => {
  const [one, two] = [join(folder, "one.safetensors"), join(folder, "two.safetensors")];
  const settings = tinySettings(8);
  const { result } = await adaptAndSave(one, settings);
  await adaptAndSave(two, settings);
  expect(readFileSync(one).equals(readFileSync(two))).toBe(true);

  const { tensors } = readSafetensors(one);
  const layers = [...tensors.keys()].filter((name) => /^stitching_layers\.\d+\.(weight|bias)$/.test(name));
  const size = (names: Iterable<string>): number => [...names].reduce((sum, name) => sum + tensors.get(name)!.data.length, 0);
  // Two blocks an anchor make one layer a pair: 12×8 and 16×12, with biases.
  expect(size(layers)).toBe(12 * 8 + 12 + 16 * 12 + 16);
  expect(size(tensors.keys()) - size(layers)).toBe(result.trainable);
  expect([...tensors.values()].every(({ dtype }) => dtype === "F32")).toBe(true);
  expect([...tensors.keys()].filter((name) => /^anchors\.\d\./.test(name) && !/lora_|\.head\./.test(name))).toEqual([]);

  const model = loadAdapted(one, family);
  expect(trainableCount(model)).toBe(result.trainable);
  disposeModel(model);
  expect(readAdaptedRecord(one)).toEqual({
    kit: "1.2.3", family: "tiny", anchors: [0, 1, 2].map((place) => ({ anchorId: `tiny-${place}`, sha256: `sha-${place}` })),
    normalisation: family.normalisation, task: "corners", classes: 3, classNames: ["one", "two", "three"], method: "pst", seed: 4, settings,
    stitches: result.outcomes.map(({ stitchId, importance, visits, selected }) => ({ stitchId, importance, visits, selected })),
  });
});

test("files that do not fit are told whole, with what to do", async () => {
  const path = join(folder, "fits.safetensors");
  await adaptAndSave(path, tinySettings(2));
  const complaint = (file: string, given: AnchorFamily = family): string => {
    try {
      disposeModel(loadAdapted(file, given));
      return "none";
    } catch (error) {
      expect((error as Error).name).toBe("UsageError");
      return (error as Error).message.replaceAll(folder, "FOLDER");
    }
  };
  expect(complaint(path)).toBe("none");
  expect(complaint(path, { ...family, familyId: "mini" })).toBe('loadAdapted FOLDER/fits.safetensors: family is "mini", expected "tiny", which the file was adapted from.');
  expect(complaint(path, { ...family, anchors: family.anchors.map((anchor, place) => (place === 1 ? { ...anchor, sha256: "other" } : anchor)) })).toBe(
    "loadAdapted FOLDER/fits.safetensors: weights of tiny-1 have sha256 other, expected sha-1: load the family from the weights that the file was adapted from.",
  );

  const { tensors, metadata } = readSafetensors(path);
  const changed = join(folder, "changed.safetensors");
  const write = (change: (all: Record<string, TensorToStore>) => void, said: Record<string, string> = metadata): void => {
    const all = Object.fromEntries([...tensors].map(([name, { shape, data }]): [string, TensorToStore] => [name, { shape, data: data as Float32Array }]));
    change(all);
    writeSafetensors(changed, all, { metadata: said });
  };
  write((all) => {
    delete all["anchors.0.blocks.0.attn.qkv.lora_A"];
    all["anchors.1.head.weight"] = { shape: [12, 3], data: new Float32Array(36) };
    all["stitching_layers.1.bias"] = { shape: [16], data: new Int32Array(16) };
  });
  expect(complaint(changed)).toBe(
    [
      "loadAdapted FOLDER/changed.safetensors: anchors.0.blocks.0.attn.qkv.lora_A is missing, expected shape [2, 8].",
      "loadAdapted FOLDER/changed.safetensors: anchors.1.head.weight has shape [12, 3], expected [3, 12].",
      "loadAdapted FOLDER/changed.safetensors: stitching_layers.1.bias has type I32, expected F32.",
    ].join("\n"),
  );
  write((all) => Object.keys(all).filter((name) => name.endsWith("lora_B")).forEach((name) => delete all[name]));
  expect(complaint(changed).split("\n").at(-1)).toBe("loadAdapted FOLDER/changed.safetensors: and 3 more tensors like these: adapt again.");

  const advice = "name a file that esta adapt wrote, below the weights folder of its results.";
  write(() => undefined, {});
  expect(complaint(changed)).toBe(`loadAdapted FOLDER/changed.safetensors: its format is not told, expected "esta-adapted-1": ${advice}`);
  write(() => undefined, { ...metadata, format: "pt" });
  expect(complaint(changed)).toBe(`loadAdapted FOLDER/changed.safetensors: its format is "pt", expected "esta-adapted-1": ${advice}`);
});

test("a folder that cannot be made is told", async () => {
  writeFileSync(join(folder, "taken"), "");
  await expect(adaptAndSave(join(folder, "taken", "weights", "a.safetensors"), tinySettings(1))).rejects.toThrow(
    `saveAdapted ${join(folder, "taken", "weights", "a.safetensors")}: cannot be written (ENOTDIR: a part of the path is not a folder), expected a folder that takes the file; choose another folder or change its permissions.`,
  );
});
