/**
 * @file `esta tasks`: the card of each of the kit's own tasks, and contact sheets of their pictures.
 */
import type { Command } from "commander";
import { join } from "node:path";
import { familyOf, weightFile } from "../anchors/registry.js";
import { filesSha256 } from "../anchors/stored-weights.js";
import { choiceProblem, throwProblems } from "../checks.js";
import { classCounts, firstImages, type Dataset, type ImageSplit } from "../datasets/dataset.js";
import { listTasks, loadTask, taskNames } from "../datasets/registry.js";
import type { TaskCard } from "../datasets/task-recipe.js";
import { writeFileAtomic } from "../reporting/atomic-write.js";
import { contactSheetPng, type ContactSheet } from "../reporting/figures/contact-sheet.js";
import { useBackend } from "../tensor/index.js";
import { pixelProbe } from "../training/pixel-probe.js";
import { comparedRowsPath, ownAnchors, readComparison, type Comparison } from "./compared-rows.js";
import { keepProbe, keptProbesPath, readKeptProbes, type KeptProbe } from "./kept-probes.js";
import { progressDisplay } from "./progress.js";
import type { Terminal } from "./terminal.js";

/** Pictures of a sheet from each split, over all classes; a class gets 2 to 6 of each. */
const sheetPictures = 48;
/** First test pictures that a probe is measured on, as `esta compare` does with anchors. */
const PROBED_PICTURES = 1000;

/** Adds the command. */
export function addTasksCommand(program: Command, terminal: Terminal): void {
  program
    .command("tasks")
    .description("show the card of the kit's own tasks: label, pictures, licence, balance of the classes, chance, what a linear probe on pixels and the kit's anchors reach; or draw contact sheets")
    .argument("[names...]", "tasks, as esta list names them (default: all)")
    .option("--sheets <folder>", "draw a contact sheet of each task into this folder, as <task>.png")
    .option("--probe", "fit the linear probe on the pixels of each task anew, a few seconds each, and keep it in data/pixel-probes.json of the kit's folder")
    .addHelpText("after", "\nExamples:\n  esta tasks digits\n  esta tasks digits --probe\n  esta tasks --sheets sheets")
    .action(async (names: string[], { sheets, probe }: { readonly sheets?: string; readonly probe?: true }) => {
      throwProblems(names.flatMap((name) => choiceProblem("tasks", "task", name, taskNames)));
      const cards = listTasks().filter(({ name }) => names.length === 0 || names.includes(name));
      const display = progressDisplay(terminal);
      const compared = ownComparison();
      let probes = readKeptProbes(keptProbesPath);
      if (probe === true) await useBackend("auto");
      for (const [index, card] of cards.entries()) {
        display.update({ done: index, total: cards.length, label: card.name });
        const task = await loadTask(card.name);
        display.clear();
        if (probe === true) probes = keepProbe(keptProbesPath, probed(task));
        for (const line of cardLines(card, task, probes, compared)) terminal.print(line);
        if (sheets === undefined) continue;
        const path = join(sheets, `${card.name}.png`);
        writeFileAtomic(path, await contactSheetPng(sheetOf(card, task)));
        terminal.print(`  sheet     ${path}`);
      }
    });
}

/** @param compared - what `esta compare` measured of the kit's anchors. */
function cardLines(card: TaskCard, task: Dataset, probes: readonly KeptProbe[], compared: Comparison | undefined): string[] {
  const { train, val, test } = card.counts;
  return [
    `${card.name} (${card.group})`,
    `  label     ${card.label}`,
    `  classes   ${card.classes}: ${card.classNames.join(", ")}`,
    `  pictures  ${card.source}; ${train} train, ${val} validation, ${test} test`,
    `  licence   ${card.licence}`,
    `  balance   ${(["train", "val", "test"] as const).map((split) => `${split} ${balance(task[split], task.classes)}`).join(", ")} a class`,
    `  chance    ${card.chance.toFixed(3)}`,
    ...probes.filter(({ taskSha256 }) => taskSha256 === task.sha256).map((probe) => probeLine(task, probe)),
    ...(compared === undefined ? [] : aloneLines(task, compared)),
  ];
}

/** The comparison, of the weights that lie among the kit's alone. */
function ownComparison(): Comparison | undefined {
  const compared = readComparison(comparedRowsPath(ownAnchors, "mini"));
  if (compared === undefined) return undefined;
  const weights = new Set(familyOf("mini").anchors.flatMap((anchor) => weightFile(anchor, [ownAnchors]) ?? []).map((path) => filesSha256([path])));
  return { ...compared, rows: compared.rows.filter((row) => weights.has(row.weights)) };
}

/** Each of the kit's anchors adapted alone, where that was measured on these very pictures. */
function aloneLines({ sha256 }: Dataset, { recipe, rows }: Comparison): string[] {
  const found = familyOf("mini").anchors.flatMap(({ anchorId, label }) => rows.filter((row) => row.anchorId === anchorId && row.taskSha256 === sha256).map(({ adaptedTop1 }) => `${label} ${adaptedTop1.toFixed(3)}`));
  return found.length === 0 ? [] : [`  alone     ${found.join(", ")}: each anchor of family mini adapted alone, ${recipe.steps} steps (esta compare)`];
}

/** Fits the probe. */
function probed(task: Dataset): KeptProbe {
  const test = firstImages(task.test, PROBED_PICTURES);
  return { task: task.name, taskSha256: task.sha256, testImages: test.count, ...pixelProbe({ ...task, test }) };
}

function probeLine({ imageSize }: Dataset, { top1, strength, testImages }: KeptProbe): string {
  return `  pixels    ${top1.toFixed(3)}: ridge regression from ${imageSize * imageSize * 3} bytes, strength ${strength.toPrecision(2)} chosen on validation, ${testImages} test pictures`;
}

/** Pictures of the rarest and of the most frequent class. */
function balance(split: ImageSplit, classes: number): string {
  const counts = classCounts(split, classes);
  const [low, high] = [Math.min(...counts), Math.max(...counts)];
  return low === high ? String(low) : `${low}–${high}`;
}

/** The first pictures of every class in training and in test. */
export function sheetOf(card: TaskCard, { classes, imageSize, train, test }: Pick<Dataset, "classes" | "imageSize" | "train" | "test">): ContactSheet {
  const perClass = Math.min(6, Math.max(2, Math.round(sheetPictures / classes)));
  const picturesOf = (split: ImageSplit, label: number): Uint8Array[] => {
    const bytes = imageSize * imageSize * 3;
    const members = Array.from({ length: split.count }, (_, index) => index).filter((index) => split.labels[index] === label).slice(0, perClass);
    return members.map((index) => split.images.subarray(index * bytes, (index + 1) * bytes));
  };
  return {
    title: card.name,
    notes: [`${card.label} Chance ${card.chance.toFixed(3)}.`, `Pictures: ${card.source}. Licence: ${card.licence}.`],
    groups: ["training", "test"],
    rows: card.classNames.map((label, index) => ({ label, pictures: [picturesOf(train, index), picturesOf(test, index)] })),
    imageSize,
  };
}
