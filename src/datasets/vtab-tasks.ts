/**
 * @file The 19 tasks of VTAB-1k as they lie on disk: folder name, group and number of classes.
 */
import type { TaskGroup } from "./dataset.js";

/** One of VTAB-1k's tasks. */
export interface VtabTask {
  /** Folder and task name. */
  readonly name: string;
  readonly group: TaskGroup;
  readonly classes: number;
}

/** VTAB-1k in its usual order: 7 natural, 4 specialised, 8 structured tasks. Source: the VTAB paper; folder names of the usual archive. */
export const vtabTasks: readonly VtabTask[] = [
  { name: "cifar", group: "natural", classes: 100 },
  { name: "caltech101", group: "natural", classes: 102 },
  { name: "dtd", group: "natural", classes: 47 },
  { name: "oxford_flowers102", group: "natural", classes: 102 },
  { name: "oxford_iiit_pet", group: "natural", classes: 37 },
  { name: "svhn", group: "natural", classes: 10 },
  { name: "sun397", group: "natural", classes: 397 },
  { name: "patch_camelyon", group: "specialised", classes: 2 },
  { name: "eurosat", group: "specialised", classes: 10 },
  { name: "resisc45", group: "specialised", classes: 45 },
  { name: "diabetic_retinopathy", group: "specialised", classes: 5 },
  { name: "clevr_count", group: "structured", classes: 8 },
  { name: "clevr_dist", group: "structured", classes: 6 },
  { name: "dmlab", group: "structured", classes: 6 },
  { name: "kitti", group: "structured", classes: 4 },
  { name: "dsprites_loc", group: "structured", classes: 16 },
  { name: "dsprites_ori", group: "structured", classes: 16 },
  { name: "smallnorb_azi", group: "structured", classes: 18 },
  { name: "smallnorb_ele", group: "structured", classes: 9 },
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
