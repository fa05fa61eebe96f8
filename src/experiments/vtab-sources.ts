/**
 * @file Where the studies on image tasks find their tasks and anchors, what is missing there, and what names their content.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { loadFamily } from "../anchors/load-weights.js";
import { families, familyOf, weightFile } from "../anchors/registry.js";
import { choiceProblem } from "../checks.js";
import { firstImages, type Dataset } from "../datasets/dataset.js";
import { listTasks, loadTask, taskNames } from "../datasets/registry.js";
import { loadVtabTask } from "../datasets/vtab.js";
import { vtabFolderNames, vtabTask, vtabTasks } from "../datasets/vtab-tasks.js";
import type { AnchorFamily } from "../training/adapt.js";
import type { MissingSource } from "./experiment.js";
import { packageRoot } from "./package-root.js";
import { rememberLast } from "./remember-last.js";
import type { VtabSettings } from "./vtab-settings.js";

/** The kit's own folders of weights, searched in this order. */
export const ownWeightFolders: readonly string[] = [join(packageRoot, "data", "anchors"), join(packageRoot, "data", "weights")];

/** Folders searched for weights: the user's own first. */
export function weightFolders({ weightsFolder }: Pick<VtabSettings, "weightsFolder">): string[] {
  return weightsFolder === null ? [...ownWeightFolders] : [fromRoot(weightsFolder), ...ownWeightFolders];
}

/** A relative path counts from the kit's folder where it exists there, and otherwise from where the command was typed. */
export function fromRoot(path: string): string {
  const own = join(packageRoot, path);
  return existsSync(own) ? own : resolve(path);
}

/** A family and its weights, ready to adapt. */
export async function loadAnchorFamily(familyId: string, folders: readonly string[] = ownWeightFolders): Promise<AnchorFamily> {
  const entry = familyOf(familyId);
  return { familyId, anchors: loadFamily(entry, folders), labels: entry.anchors.map(({ label }) => label), normalisation: { mean: entry.mean, std: entry.std } };
}

const lastFamily = rememberLast(async (key) => {
  const [familyId, ...folders] = JSON.parse(key) as [string, ...string[]];
  return loadAnchorFamily(familyId, folders);
});

/** The anchors that the settings name. */
export function anchorsOf(settings: VtabSettings): Promise<AnchorFamily> {
  return lastFamily(JSON.stringify([settings.family, ...weightFolders(settings)]));
}

const lastTask = rememberLast(async (key) => {
  const { dataFolder, task, imageSize, testImages } = JSON.parse(key) as { dataFolder: string | null; task: string; imageSize: number; testImages: number | null };
  const options = { imageSize, ...(testImages === null ? {} : { testImages }) };
  return dataFolder === null ? loadTask(task, options) : loadVtabTask(fromRoot(dataFolder), task, { ...options, streamTest: true });
});

/** A task at the family's image size, validation and test cut as the settings say; refit trains on all validation images. */
export async function taskOf(settings: VtabSettings, task: string): Promise<Dataset> {
  const { dataFolder, family, testImages, valImages, refit } = settings;
  const dataset = await lastTask(JSON.stringify({ dataFolder, task, imageSize: familyOf(family).anchors[0]!.config.imageSize, testImages }));
  return valImages === null || refit ? dataset : { ...dataset, val: firstImages(dataset.val, valImages) };
}

/** Names the content of a task: pixels and labels of the kit's own; lists and sizes of pictures of a folder, since these are read in a moment. */
export async function taskSha256(settings: VtabSettings, task: string): Promise<string> {
  if (settings.dataFolder === null) return (await taskOf(settings, task)).sha256;
  const place = vtabFolderNames(task).map((name) => join(fromRoot(settings.dataFolder!), name)).find((path) => existsSync(path));
  const hash = createHash("sha256");
  if (place === undefined) return hash.digest("hex");
  for (const list of ["train800.txt", "val200.txt", "test.txt"]) {
    const path = join(place, list);
    if (!existsSync(path)) continue;
    const text = readFileSync(path, "utf8");
    hash.update(`${list}\n${text}\n`);
    for (const line of text.split("\n")) {
      const picture = line.trim().replace(/\s+\S+$/, "");
      if (picture !== "") hash.update(`${statSync(join(place, picture), { throwIfNoEntry: false })?.size ?? -1},`);
    }
  }
  return hash.digest("hex");
}

/** Test images of a task, as far as that is known without reading it. */
export function expectedTestImages({ dataFolder, testImages }: VtabSettings, task: string): number {
  const all = dataFolder === null ? (listTasks().find(({ name }) => name === task)?.counts.test ?? 1000) : (vtabTask(task)?.testImages ?? 2000);
  return Math.min(all, testImages ?? all);
}

/** Weights and task folders that are not there. */
export function missingSources(settings: VtabSettings): MissingSource[] {
  const family = families.find(({ familyId }) => familyId === settings.family);
  const folders = weightFolders(settings);
  const weights = (family?.anchors ?? []).filter((anchor) => weightFile(anchor, folders) === undefined).map(({ anchorId, file }) => ({
    what: `weights of ${anchorId}`, expected: folders.map((folder) => shortPath(join(folder, file))).join(" or "), obtain: family!.obtain,
  }));
  const { dataFolder } = settings;
  const tasks = dataFolder === null ? [] : settings.tasks.filter((task) => !isTaskThere(fromRoot(dataFolder), task)).map((task) => ({
    what: `task ${task}`, expected: `${join(shortPath(fromRoot(dataFolder)), task)}/ with train800.txt, val200.txt, test.txt and their pictures`, obtain: "data/README.md",
  }));
  return [...weights, ...tasks];
}

/** What is missing among weights and data, in a line each. */
export function sourceProblems(where: string, settings: VtabSettings, profile: string): string[] {
  return [...weightProblems(where, settings), ...(settings.dataFolder === null ? [] : folderProblems(where, settings.dataFolder, settings.tasks, profile))];
}

/** Unknown families and tasks, and a list of no tasks. One line each. */
export function namingProblems(where: string, settings: VtabSettings): string[] {
  return [
    ...choiceProblem(where, "family", settings.family, families.map(({ familyId }) => familyId)),
    ...(settings.dataFolder === null ? settings.tasks.flatMap((task) => choiceProblem(where, "task", task, taskNames)) : []),
    ...(settings.tasks.length === 0 ? [`${where}: tasks is empty, expected at least one task.`] : []),
  ];
}

function weightProblems(where: string, settings: VtabSettings): string[] {
  const family = families.find(({ familyId }) => familyId === settings.family);
  const folders = weightFolders(settings);
  const missing = (family?.anchors ?? []).filter((anchor) => weightFile(anchor, folders) === undefined).map(({ file }) => file);
  if (missing.length === 0) return [];
  return [`${where}: weights of family ${family!.familyId} are missing: ${missing.join(", ")}, expected in ${folders.map(shortPath).join(" or ")}. To get them: ${family!.obtain}. See data/README.md.`];
}

function isTaskThere(folder: string, task: string): boolean {
  return vtabFolderNames(task).some((name) => existsSync(join(folder, name, "train800.txt")));
}

/** Tasks that the folder lacks; a folder that lacks all of the benchmark's 19 is simply not there. */
function folderProblems(where: string, dataFolder: string, tasks: readonly string[], profile: string): string[] {
  const folder = fromRoot(dataFolder);
  const found = tasks.filter((task) => isTaskThere(folder, task));
  if (found.length === tasks.length) return [];
  const benchmark = tasks.length === vtabTasks.length && tasks.every((task) => vtabTasks.some(({ name }) => name === task));
  if (benchmark) return [`${where}: profile ${JSON.stringify(profile)} needs ${shortPath(folder)} (${tasks.length} folders), found ${found.length}. See data/README.md, or use profile "laptop".`];
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => existsSync(join(folder, name, "train800.txt"))) : [];
  const missing = tasks.filter((task) => !found.includes(task));
  return [`${where}: ${shortPath(folder)} has no task ${missing.join(", ")}, expected ${names.length === 0 ? "folders in VTAB-1k's layout, found none" : `one of ${names.join(", ")}`}. See data/README.md.`];
}

/** A path as a user of the kit types it: relative to the kit's folder where it lies inside. */
export function shortPath(path: string): string {
  return path.startsWith(`${packageRoot}/`) ? path.slice(packageRoot.length + 1) : path;
}
