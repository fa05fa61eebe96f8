import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { weightFile, familyOf } from "../anchors/registry.js";
import { filesSha256 } from "../anchors/stored-weights.js";
import { comparedRowsPath, ownAnchors, readComparison } from "../cli/compared-rows.js";
import { keptProbesPath, readKeptProbes } from "../cli/kept-probes.js";
import { classCounts } from "../datasets/dataset.js";
import { listTasks, loadTask } from "../datasets/registry.js";
import { packageRoot } from "../experiments/package-root.js";
import { groupMeans } from "../reporting/group-means.js";
import type { ComparedAnchor } from "../training/compare-anchors.js";

const page = readFileSync(join(packageRoot, "data", "README.md"), "utf8");
const anchorCard = readFileSync(join(ownAnchors, "mini.md"), "utf8");
const cards = listTasks();
const probes = new Map(readKeptProbes(keptProbesPath).map((probe) => [probe.task, probe]));
const weights = familyOf("mini").anchors.map((anchor) => filesSha256([weightFile(anchor, [ownAnchors])!]));
const compared = readComparison(comparedRowsPath(ownAnchors, "mini"))!.rows;
/** Of the kit's first anchors, Ti, S and B. */
const versionOne = ["af10e2d447204a63f78f12d6354b3bdd87875abf6b485d1860248c1666d79538", "64b66b26fba1ba031ed0ffb0f2e731980cfee201c509635c1928f7771f0e339d", "ddea2349cf77056dbe58b35439015bdfca4248756523aeac7e36462099fc2d2c"];

/** Cells of the table under a header that begins so. */
function tableUnder(header: string, text = page): string[][] {
  const lines = text.slice(text.indexOf(`\n${header}`) + 1).split("\n");
  return lines.slice(2, lines.findIndex((line) => !line.startsWith("|"))).map((line) => line.slice(2, -2).split(" | "));
}

/** What was measured of Ti, S and B on a task; of the kit's present anchors by default. */
function ofAnchors(task: string, value: (row: ComparedAnchor) => number, version: readonly string[] = weights): number[] {
  return version.map((sha256) => value(compared.find((row) => row.weights === sha256 && row.task === task)!));
}

function alone(task: string): number[] {
  return ofAnchors(task, ({ adaptedTop1 }) => adaptedTop1);
}

function fixed(values: readonly number[]): string[] {
  return values.map((value) => value.toFixed(3));
}

test("the table of tasks says what cards, probes and comparison hold", () => {
  const rows = tableUnder("| task | group | classes |");
  expect(rows.map((row) => row.slice(0, 9))).toEqual(cards.map(({ name, group, classes, counts, chance }) => [
    `[\`${name}\`](contact-sheets/${name}.png)`, group, String(classes), counts.test.toLocaleString("en-US"), ...fixed([chance, probes.get(name)!.top1, ...alone(name)]),
  ]));
  for (const [link] of rows) expect(existsSync(join(packageRoot, "data", /\((.+)\)/.exec(link!)![1]!))).toBe(true);
});

test("probes and comparison are of the same pictures", () => {
  for (const { name } of cards) expect(compared.filter(({ task, weights: sha256 }) => task === name && weights.includes(sha256)).map(({ taskSha256 }) => taskSha256)).toEqual(Array(3).fill(probes.get(name)!.taskSha256));
});

test("the means of the groups are those of the comparison", () => {
  const means = [alone, (task: string) => ofAnchors(task, ({ probeTop1 }) => probeTop1)].flatMap((of) => [0, 1, 2].map((anchor) => groupMeans(cards.map(({ name, group }) => ({ group, value: of(name)[anchor]! })))));
  const groups = ["natural", "specialised", "structured"].map((group) => [group, String(cards.filter((card) => card.group === group).length), ...fixed(means.map((mean) => mean.groups.get(group)!))]);
  expect(tableUnder("| group | tasks | Ti alone |")).toEqual([...groups, ["mean of the groups", String(cards.length), ...fixed(means.map(({ meanOfGroups }) => meanOfGroups))]]);
});

test("the anchors' card sets the means of both versions side by side, as the comparison has them", () => {
  const versions = [versionOne, weights];
  const means = [0, 1, 2].flatMap((anchor) => versions.map((version) => groupMeans(cards.map(({ name, group }) => ({ group, value: ofAnchors(name, ({ adaptedTop1 }) => adaptedTop1, version)[anchor]! })))));
  const percent = (values: readonly number[]): string[] => values.map((value) => (100 * value).toFixed(1));
  const groups = ["natural", "specialised", "structured"].map((group) => [group, String(cards.filter((card) => card.group === group).length), ...percent(means.map((mean) => mean.groups.get(group)!))]);
  expect(tableUnder("| group | tasks | Ti, version 1 |", anchorCard)).toEqual([...groups, ["mean of the groups", String(cards.length), ...percent(means.map(({ meanOfGroups }) => meanOfGroups))]]);
});

test("tasks near the floor are those where an anchor alone is less than 0.04 above the probe", () => {
  const near = cards.filter(({ name }) => Math.min(...alone(name)) - probes.get(name)!.top1 < 0.04 - 1e-9);
  expect(tableUnder("| task | chance | linear probe on pixels | Ti alone |")).toEqual(near.map(({ name, chance }) => [`\`${name}\``, ...fixed([chance, probes.get(name)!.top1, ...alone(name)])]));
});

test("the classes of unbalanced tasks are as uneven as the page says", { timeout: 120_000 }, async () => {
  for (const [name, ...told] of tableUnder("| task | training | validation | test |")) {
    const task = await loadTask(name!.replaceAll("`", ""));
    expect(told).toEqual([task.train, task.val, task.test].map((split) => {
      const counts = classCounts(split, task.classes);
      return `${Math.min(...counts)}–${Math.max(...counts)}`;
    }));
  }
});
