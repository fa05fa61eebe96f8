import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { experimentOf, experiments } from "../experiments/index.js";
import { ownWeightFolders, shortPath } from "../experiments/vtab-sources.js";
import { taskNames } from "../datasets/registry.js";
import { families, weightFile } from "../anchors/registry.js";
import { esta } from "./esta.js";
import { writeRandomAnchors } from "./random-anchors.js";

let folder: string;
/** Random weights for family mini, so that only the fault under test is left. */
let weights: string;
beforeAll(() => writeRandomAnchors((weights = mkdtempSync(join(tmpdir(), "esta-weights-")))), 60_000);
afterAll(() => rmSync(weights, { recursive: true, force: true }));
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "esta-errors-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What a command says on standard error; it must exit with 2 and without a stack. */
async function complaint(...args: string[]): Promise<string> {
  const { exitCode, err } = await esta(...args);
  expect(exitCode, err).toBe(2);
  expect(err).not.toMatch(/^ {4}at /m);
  return err.replaceAll(folder, "FOLDER");
}

const ids = experiments.map(({ id }) => id).join(", ");
const settingNames = Object.keys(experimentOf("vtab-stitching").kinds).join(", ");

test("unknown experiment, profile and key, each with the known ones", async () => {
  expect(await complaint("run", "vtab")).toBe(`run: experiment "vtab" is not known, expected one of ${ids}.`);
  expect(await complaint("run", "--profile", "fast")).toBe('run: profile "fast" is not known, expected one of quick, laptop, paper.');
  expect(await complaint("run", "vtab-stitching", "--set", "step=3")).toBe(`settings of vtab-stitching: step is not a setting, expected one of ${settingNames}.`);
  expect(await complaint("list", "vtab")).toBe(`run: experiment "vtab" is not known, expected one of ${ids}.`);
});

test("a settings file that is not JSON, and one with an unknown key", async () => {
  const file = join(folder, "settings.json");
  writeFileSync(file, '{\n  "steps": 20,\n  rank: 4\n}\n');
  expect(await complaint("run", "vtab-stitching", "--settings", file)).toBe('settings FOLDER/settings.json: line 3, column 3: found "r", expected a name in double quotes. A settings file is one JSON object, for instance {"steps": 200}.');
  writeFileSync(file, '{"ranks": 4}');
  expect(await complaint("run", "vtab-stitching", "--settings", file)).toBe(`settings of vtab-stitching: ranks is not a setting, expected one of ${settingNames}.`);
});

test("unknown tasks, methods and a rank beyond the width, all at once", async () => {
  expect(await complaint("run", "vtab-stitching", "--set", `weightsFolder=${weights}`, "--set", "tasks=digit", "--set", "methods=pst,lora", "--set", "rank=49", "--set", "steps=0", "--set", "sampler=greedy", "--set", "testImages=0")).toBe(
    [
      `run vtab-stitching: task is "digit", expected one of ${taskNames.join(", ")}.`,
      "run vtab-stitching: testImages is 0, expected a whole number of at least 1.",
      'run vtab-stitching: method is "lora", expected one of pst, sn-net, anchor-ti, anchor-s, anchor-b, lora-only, bias-only.',
      "run vtab-stitching: rank is 49, expected a whole number from 1 to 48 (the smallest anchor's width).",
      "run vtab-stitching: steps is 0, expected a whole number of at least 1.",
      'run vtab-stitching: sampler is "greedy", expected one of uniform, flops-grouped, importance.',
    ].join("\n"),
  );
});

test("weights and data that are missing, with how to get them", async () => {
  const absent = families.find((family) => family.anchors.every((anchor) => weightFile(anchor, ownWeightFolders) === undefined));
  if (absent === undefined) console.log("skipped: the message on missing weights, since those of every family are here");
  else {
    const { familyId, anchors, obtain } = absent;
    expect(await complaint("run", "vtab-stitching", "--set", `family=${familyId}`)).toBe(
      `run vtab-stitching: weights of family ${familyId} are missing: ${anchors.map(({ file }) => file).join(", ")}, expected in ${ownWeightFolders.map(shortPath).join(" or ")}. To get them: ${obtain}. See data/README.md.`,
    );
  }
  expect(await complaint("run", "vtab-stitching", "--profile", "paper", "--set", "family=mini", "--set", `weightsFolder=${weights}`, "--set", `dataFolder=${join(folder, "vtab-1k")}`)).toBe(
    'run vtab-stitching: profile "paper" needs FOLDER/vtab-1k (19 folders), found 0. See data/README.md, or use profile "laptop".',
  );
  mkdirSync(join(folder, "mine", "birds"), { recursive: true });
  writeFileSync(join(folder, "mine", "birds", "train800.txt"), "");
  expect(await complaint("adapt", "--weights", weights, "--data", join(folder, "mine"), "--task", "bees", "--out", join(folder, "out"))).toBe("adapt: FOLDER/mine has no task bees, expected one of birds. See data/README.md.");
  expect(await complaint("adapt", "--weights", weights, "--data", join(folder, "none"), "--task", "bees", "--out", join(folder, "out"))).toBe(
    "adapt: FOLDER/none has no task bees, expected folders in VTAB-1k's layout, found none. See data/README.md.",
  );
});

test("results that cannot be written", { timeout: 30_000 }, async () => {
  writeFileSync(join(folder, "taken"), "");
  expect(await complaint("adapt", "--weights", weights, "--task", "digits", "--out", join(folder, "taken", "out"))).toBe(
    "results FOLDER/taken/out: cannot be made (ENOTDIR), expected a place that takes files. Choose another folder with --results.",
  );
});

test("a task that cannot be read fails the command with the task's own message", { timeout: 30_000 }, async () => {
  const task = join(folder, "mine", "birds");
  mkdirSync(task, { recursive: true });
  writeFileSync(join(task, "train800.txt"), "images/train800/000000.jpg three\n");
  const said = await complaint("adapt", "--weights", weights, "--data", join(folder, "mine"), "--task", "birds", "--out", join(folder, "out"));
  expect(said.split("\n").at(-2)).toBe("failed: task=birds_method=pst_seed=0: FOLDER/mine/birds/val200.txt: no such file, expected the list of val pictures, with lines as \"images/test/000000.jpg 3\". Unpack the task again.");
});
