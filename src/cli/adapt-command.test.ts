import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadWeights } from "../anchors/load-weights.js";
import { familyOf } from "../anchors/registry.js";
import { readSafetensorsSummary } from "../anchors/safetensors.js";
import { stitchRows } from "../reporting/record.js";
import { readRows } from "../reporting/rows-csv.js";
import { esta } from "../testing/esta.js";
import { writeRandomAnchors } from "../testing/random-anchors.js";
import { readAdaptedRecord } from "../training/adapted-file.js";

let folder: string;
let anchors: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "esta-adapt-"));
  writeRandomAnchors((anchors = join(folder, "anchors")));
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const adaptArgs = (out: string, ...more: string[]): string[] => ["adapt", "--task", "digits", "--weights", anchors, "--out", out, "--methods", "anchor-ti,anchor-s", "--steps", "3", "--batch-size", "4", "--test-images", "10", "--seed", "7", ...more];

test("adapt keeps what each method trained, once, and export makes a ViT of it", { timeout: 60_000 }, async () => {
  const out = join(folder, "out");
  expect((await esta(...adaptArgs(out))).exitCode).toBe(0);
  const names = ["task=digits_method=anchor-s_seed=7.safetensors", "task=digits_method=anchor-ti_seed=7.safetensors"];
  expect(readdirSync(join(out, "weights")).sort()).toEqual(names);
  const file = join(out, "weights", names[0]!);
  const record = readAdaptedRecord(file);
  expect(record).toMatchObject({ family: "mini", task: "digits", method: "anchor-s", seed: 7, classes: 10 });
  expect(record.settings.train.steps).toBe(3);
  expect(record.anchors.map(({ anchorId }) => anchorId)).toEqual(["vit-mini-ti", "vit-mini-s", "vit-mini-b"]);

  const [bytes, written] = [readFileSync(file), statSync(file).mtimeMs];
  const again = await esta(...adaptArgs(out));
  expect(again.out).toContain("runs done 0, there before 2, failed 0");
  expect(statSync(file).mtimeMs).toBe(written);
  await esta(...adaptArgs(out, "--again"));
  expect(readFileSync(file).equals(bytes)).toBe(true);

  const network = join(folder, "vit-s.safetensors");
  expect(await esta("export", "--weights", file, "--anchors", anchors, "--out", network)).toMatchObject({ exitCode: 0, err: "", out: expect.stringMatching(/\nstitch 1, S: \d+ multiply–accumulates an image, in .*vit-s\.safetensors$/) as string });
  const { config, anchorId } = familyOf("mini").anchors[1]!;
  expect(loadWeights(network, { anchorId, config }).parameters["head.weight"]?.shape).toEqual([10, 96]);
  expect(readSafetensorsSummary(network).entries.every(({ dtype }) => dtype === "F32")).toBe(true);
});

test("adapt --refit reports no validation accuracy", { timeout: 60_000 }, async () => {
  const out = join(folder, "refit");
  expect((await esta(...adaptArgs(out, "--refit"))).exitCode).toBe(0);
  expect(readRows(join(out, "rows.csv"), stitchRows).map(({ valTop1 }) => valTop1)).toEqual([null, null]);
  expect(JSON.parse(readFileSync(join(out, "summary.json"), "utf8"))).toMatchObject({ command: expect.stringMatching(/--seed 7 --refit$/) as string, note: expect.stringContaining("on 1000 images (validation included)") as string });
});

test("no rows are written where the weights could not be", { timeout: 60_000 }, async () => {
  const out = join(folder, "closed");
  mkdirSync(out);
  writeFileSync(join(out, "weights"), "");
  const { exitCode, err } = await esta(...adaptArgs(out));
  expect(exitCode).toBe(2);
  const run = "task=digits_method=anchor-ti_seed=7";
  expect(err).toContain(`failed: ${run}: saveAdapted ${join(out, "weights", `${run}.safetensors`)}: cannot be written (EEXIST: there is a file where a folder should be), expected a folder that takes the file; choose another folder or change its permissions.`);
  expect(existsSync(join(out, "runs", `${run}.csv`))).toBe(false);
});

test("run keeps no weights unless asked", { timeout: 60_000 }, async () => {
  const args = ["run", "vtab-stitching", "--results", folder, "--name", "mine", ...[`weightsFolder=${anchors}`, "tasks=digits", "methods=anchor-ti", "steps=1", "batchSize=4", "valImages=5", "testImages=5"].flatMap((one) => ["--set", one])];
  const weights = join(folder, "mine", "vtab-stitching", "weights");
  expect((await esta(...args)).exitCode).toBe(0);
  expect(existsSync(weights)).toBe(false);
  expect((await esta(...args, "--set", "saveWeights=true")).exitCode).toBe(0);
  expect(readdirSync(weights)).toEqual(["task=digits_method=anchor-ti_seed=0.safetensors"]);
});

test("export's faults are told in one message", async () => {
  expect(await esta("export", "--weights", join(folder, "none"), "--out", "x")).toEqual({ exitCode: 2, out: "", err: `readSafetensors ${join(folder, "none")}: cannot be read (there is no such file), expected a safetensors file; check the path.` });
  expect(await esta("export", "--weights", "same", "--out", "same")).toEqual({ exitCode: 2, out: "", err: "export: --out is same, expected another file than --weights." });
  expect(await esta("export", "--weights", "a", "--out", "b", "--stitch", "1", "--flops", "2")).toMatchObject({ exitCode: 2, err: expect.stringContaining("error: option '--flops <count>' cannot be used with option '--stitch <id>'") as string });
  const file = join(anchors, "vit-mini-ti.safetensors");
  expect(await esta("export", "--weights", file, "--out", "x")).toEqual({ exitCode: 2, out: "", err: `loadAdapted ${file}: its format is not told, expected "esta-adapted-1": name a file that esta adapt wrote, below the weights folder of its results.` });
});
