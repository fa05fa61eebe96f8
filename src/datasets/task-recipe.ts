/**
 * @file What describes and makes one of the kit's own tasks.
 */
import type { TaskGroup, TaskSplits } from "./dataset.js";
import type { PackageFile } from "./package-file.js";

/** Facts about a task, for lists, tables and records. */
export interface TaskCard {
  readonly name: string;
  readonly group: TaskGroup;
  readonly classes: number;
  /** In the order of the labels. */
  readonly classNames: readonly string[];
  /** Packages with their version, or "rendered by the kit". */
  readonly source: string;
  /** Of the pictures. */
  readonly licence: string;
  /** What a label means, in a sentence. */
  readonly label: string;
  readonly counts: { readonly train: number; readonly val: number; readonly test: number };
  /** Test accuracy of guessing blindly: the share of the most frequent class (a fraction). */
  readonly chance: number;
}

/** How a task is made from its sources; the same bytes on every machine. */
export interface TaskRecipe {
  readonly card: TaskCard;
  /** Goes up whenever the pictures or labels that `make` gives change, so that no older cached copy is taken for them. */
  readonly version: number;
  /** The files of npm packages it reads; their hashes are part of the cached copy's name. */
  readonly sources: readonly PackageFile[];
  /** Makes the splits with pictures of `imageSize`×`imageSize`. */
  make(imageSize: number): Promise<TaskSplits>;
}
