/**
 * @file Loads a task from a folder laid out as VTAB-1k: lists of pictures with labels, and the pictures.
 *
 * `<folder>/<task>/{train800,val200,test}.txt`, optionally `classes.txt` (one name per line), and the pictures the lists name. The archive's
 * `train800val200.txt` is not read: it names copies of the pictures of train and val. Besides VTAB's 19 tasks any other folder of that
 * layout is a custom task.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { shown, throwProblems, UsageError, wholeNumberProblem } from "../checks.js";
import { hashSplits, type Dataset, type PictureStream, type TaskGroup } from "./dataset.js";
import { PictureReader } from "./picture-reader.js";
import { shortened } from "./problem-list.js";
import { parseList, type ListContent, type ListEntry } from "./vtab-list.js";
import { canonicalVtabName, vtabFolderNames, vtabTask, type VtabTask } from "./vtab-tasks.js";

/** Choices of {@link loadVtabTask}. */
export interface LoadVtabOptions {
  /** Both sides of the pictures after resizing, in pixels, 8 to 512. Default 224. */
  readonly imageSize?: number;
  /** Reads only this many test pictures, evenly spread over the list. Default: all. */
  readonly testImages?: number;
  /** Group of a custom task; VTAB's own tasks have theirs. Default `natural`. */
  readonly group?: TaskGroup;
  /** Leaves the test pictures in their files, to be read in batches ({@link Dataset.testStream}). Default: holds them. */
  readonly streamTest?: boolean;
  /** Told how many pictures of the task are decoded, now and then. */
  readonly onProgress?: (done: number, total: number) => void;
}

const LISTS = { train: "train800.txt", val: "val200.txt", test: "test.txt" } as const;
/** A typed array holds no more on every supported Node. */
const MOST_BYTES = 2 ** 32 - 1;

/**
 * Names the tasks found in a folder: those of its folders that hold at least one of the lists.
 *
 * @throws {UsageError} when there is no such folder.
 */
export function findVtabTasks(folder: string): string[] {
  if (!isFolder(folder)) throw new UsageError(`VTAB folder ${folder}: no such folder, expected one folder per task with train800.txt, val200.txt, test.txt and images. See data/README.md.`);
  return readdirSync(folder)
    .filter((name) => Object.values(LISTS).some((list) => existsSync(join(folder, name, list))))
    .sort();
}

/**
 * Loads a task: pictures decoded and resized to `imageSize`×`imageSize` by antialiased bicubic, aspect not kept.
 *
 * The number of classes is VTAB's for its own tasks (`cifar100` and `oxford_pet` are accepted for `cifar` and `oxford_iiit_pet`); for
 * a custom task it is the number of names in `classes.txt`, or else the largest label of all lists plus one.
 *
 * @param folder - holds one folder per task.
 * @throws {UsageError} for an unknown task, a missing or empty list, a line with a bad label, a class without pictures, a missing or
 * damaged picture: the first ten problems word for word and the number of the others.
 */
export async function loadVtabTask(folder: string, name: string, { imageSize = 224, testImages, group = "natural", streamTest = false, onProgress }: LoadVtabOptions = {}): Promise<Dataset> {
  throwProblems([
    ...wholeNumberProblem("loadVtabTask", "imageSize", imageSize, 8, 512, "pixels a side"),
    ...(testImages === undefined ? [] : wholeNumberProblem("loadVtabTask", "testImages", testImages, 1, Infinity)),
  ]);
  const place = findTask(folder, name);
  const known = vtabTask(name);
  const classNames = readClassNames(place, known);
  const lists = readLists(place, known?.classes ?? classNames?.length);
  const classes = known?.classes ?? classNames?.length ?? 1 + highestLabel(Object.values(lists));
  if (known === undefined && classNames !== undefined) checkNamedClasses(place, classNames, lists);
  const test = testImages === undefined ? lists.test : spread(lists.test, testImages);
  const wanted = { ...lists, test: streamTest ? [] : test };
  checkMemory(place, wanted, imageSize);

  const reader = new PictureReader(place, imageSize, Object.values(wanted).reduce((sum, list) => sum + list.length, 0), onProgress);
  const splits = { train: await reader.read(wanted.train), val: await reader.read(wanted.val), test: await reader.read(wanted.test) };
  throwProblems(shortened(reader.problems(), "pictures"));
  return {
    name: canonicalVtabName(name),
    classes,
    imageSize,
    group: known?.group ?? group,
    source: known === undefined ? `custom task in VTAB-1k layout (${name})` : "VTAB-1k",
    sha256: streamTest ? createHash("sha256").update(hashSplits(splits)).update(JSON.stringify(test)).digest("hex") : hashSplits(splits),
    ...splits,
    ...(streamTest ? { testStream: pictureStream(place, test, imageSize) } : {}),
    ...(classNames === undefined ? {} : { classNames }),
  };
}

function pictureStream(place: string, entries: readonly ListEntry[], imageSize: number): PictureStream {
  return {
    labels: Int32Array.from(entries, ({ label }) => label),
    count: entries.length,
    async read(start, end) {
      const part = entries.slice(start, end);
      const reader = new PictureReader(place, imageSize, part.length, undefined);
      const split = await reader.read(part);
      throwProblems(shortened(reader.problems(), "pictures"));
      return split;
    },
  };
}

type Lists = { readonly train: readonly ListEntry[]; readonly val: readonly ListEntry[]; readonly test: readonly ListEntry[] };

function findTask(folder: string, name: string): string {
  const found = findVtabTasks(folder);
  for (const candidate of vtabFolderNames(name)) {
    const place = join(folder, candidate);
    if (!/[\\/]|^\.\.?$/.test(candidate) && isFolder(place)) return place;
  }
  const has = found.length === 0 ? "no task there" : `one of those found there: ${found.join(", ")}`;
  throw new UsageError(`VTAB folder ${folder}: task ${shown(name)} was not found, expected ${has}. See data/README.md for the layout.`);
}

/** Names of the classes of a task that has `classes.txt`; VTAB's own archive has none. */
function readClassNames(place: string, known: VtabTask | undefined): string[] | undefined {
  const file = join(place, "classes.txt");
  if (!existsSync(file)) return undefined;
  const names = readText(file).split(/\r\n|\n|\r/).map((line) => line.trim()).filter((line) => line !== "");
  if (names.length === 0) throw new UsageError(`${file}: no names, expected one class name per line. Fill it or remove it.`);
  if (known !== undefined && names.length !== known.classes) throw new UsageError(`${file}: names ${names.length} classes, expected the ${known.classes} of ${known.name}. Correct it or remove it.`);
  return names;
}

function readLists(place: string, classes: number | undefined): Lists {
  const missing = Object.values(LISTS).filter((list) => !existsSync(join(place, list)));
  throwProblems(missing.map((list) => `${join(place, list)}: no such file, expected the list of ${list.replace(/\d*\.txt$/, "")} pictures, with lines as "images/test/000000.jpg 3". Unpack the task again.`));
  const read = (list: string): ListContent => parseList(join(place, list), readText(join(place, list)), classes);
  const contents = { train: read(LISTS.train), val: read(LISTS.val), test: read(LISTS.test) };
  const all = Object.entries(LISTS).map(([split, list]) => [list, contents[split as keyof typeof LISTS]] as const);
  throwProblems(shortened(all.flatMap(([, content]) => content.problems), "lines"));
  throwProblems(all.filter(([, content]) => content.entries.length === 0).map(([list]) => `${join(place, list)}: names no picture, expected at least one line as "images/test/000000.jpg 3". Unpack the task again.`));
  return { train: contents.train.entries, val: contents.val.entries, test: contents.test.entries };
}

/** A name that no picture carries is a `classes.txt` of something else. */
function checkNamedClasses(place: string, classNames: readonly string[], lists: Lists): void {
  const present = new Set(Object.values(lists).flatMap((list: readonly ListEntry[]) => list.map((entry) => entry.label)));
  const empty = classNames.filter((_, label) => !present.has(label));
  if (empty.length > 0) {
    throw new UsageError(`${join(place, "classes.txt")}: names ${classNames.length} classes, but no picture has the label of ${empty.length} of them (${empty.slice(0, 5).join(", ")}${empty.length > 5 ? ", …" : ""}), expected pictures of each. Remove these names or add pictures.`);
  }
}

function highestLabel(lists: readonly (readonly ListEntry[])[]): number {
  return lists.reduce((high, list) => list.reduce((top, entry) => Math.max(top, entry.label), high), 0);
}

function checkMemory(place: string, lists: Lists, imageSize: number): void {
  throwProblems(
    Object.entries(lists).flatMap(([split, list]) => {
      const bytes = list.length * imageSize * imageSize * 3;
      if (bytes <= MOST_BYTES) return [];
      return [`${place}: ${list.length} ${split} pictures of ${imageSize}×${imageSize} take ${(bytes / 1e9).toFixed(1)} GB, expected at most 4.2 GB in a split. Use a smaller imageSize or testImages.`];
    }),
  );
}

/** `count` entries at equal distances (all when there are fewer). */
function spread(entries: readonly ListEntry[], count: number): readonly ListEntry[] {
  if (count >= entries.length) return entries;
  return Array.from({ length: count }, (_, i) => entries[Math.floor((i * entries.length) / count)]!);
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new UsageError(`${file}: cannot be read (${cause instanceof Error && "code" in cause ? String(cause.code) : String(cause)}), expected a text file. Unpack the task again.`);
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
