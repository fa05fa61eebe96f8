/**
 * @file The 19 tasks of VTAB-1k as they lie on disk: folder name, group, number of classes and of test pictures.
 */
import type { TaskGroup } from "./dataset.js";

/** One of VTAB-1k's tasks. */
export interface VtabTask {
  /** Folder and task name. */
  readonly name: string;
  readonly group: TaskGroup;
  readonly classes: number;
  /** Test pictures of the whole benchmark, for estimates before the folder is there. */
  readonly testImages: number;
}

/** VTAB-1k in its usual order: 7 natural, 4 specialised, 8 structured tasks. Source: the VTAB paper; folder names of the usual archive. */
export const vtabTasks: readonly VtabTask[] = [
  { name: "cifar", group: "natural", classes: 100, testImages: 10000 },
  { name: "caltech101", group: "natural", classes: 102, testImages: 6084 },
  { name: "dtd", group: "natural", classes: 47, testImages: 1880 },
  { name: "oxford_flowers102", group: "natural", classes: 102, testImages: 6149 },
  { name: "oxford_iiit_pet", group: "natural", classes: 37, testImages: 3669 },
  { name: "svhn", group: "natural", classes: 10, testImages: 26032 },
  { name: "sun397", group: "natural", classes: 397, testImages: 21750 },
  { name: "patch_camelyon", group: "specialised", classes: 2, testImages: 32768 },
  { name: "eurosat", group: "specialised", classes: 10, testImages: 5400 },
  { name: "resisc45", group: "specialised", classes: 45, testImages: 6300 },
  { name: "diabetic_retinopathy", group: "specialised", classes: 5, testImages: 42670 },
  { name: "clevr_count", group: "structured", classes: 8, testImages: 15000 },
  { name: "clevr_dist", group: "structured", classes: 6, testImages: 15000 },
  { name: "dmlab", group: "structured", classes: 6, testImages: 22735 },
  { name: "kitti", group: "structured", classes: 4, testImages: 711 },
  { name: "dsprites_loc", group: "structured", classes: 16, testImages: 73728 },
  { name: "dsprites_ori", group: "structured", classes: 16, testImages: 73728 },
  { name: "smallnorb_azi", group: "structured", classes: 18, testImages: 12150 },
  { name: "smallnorb_ele", group: "structured", classes: 9, testImages: 12150 },
];

/** Other names of two of the folders, as some archives and papers spell them. */
export const vtabAliases: Readonly<Record<string, string>> = { cifar100: "cifar", oxford_pet: "oxford_iiit_pet" };

/** The task that a name or alias stands for; nothing for a custom task. */
export function vtabTask(name: string): VtabTask | undefined {
  const proper = canonicalVtabName(name);
  return vtabTasks.find((task) => task.name === proper);
}

/** `cifar100` → `cifar`, `oxford_pet` → `oxford_iiit_pet`; other names stay. */
export function canonicalVtabName(name: string): string {
  return Object.hasOwn(vtabAliases, name) ? vtabAliases[name]! : name;
}

/** Folder names under which a task may lie: its own and its aliases. */
export function vtabFolderNames(name: string): string[] {
  const proper = canonicalVtabName(name);
  return [proper, ...Object.keys(vtabAliases).filter((alias) => vtabAliases[alias] === proper)];
}
