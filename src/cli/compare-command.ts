/**
 * @file `esta compare`: what the anchors in one or more folders of weights are worth on the kit's own tasks, each adapted alone.
 */
import { Option, type Command } from "commander";
import { basename, join, resolve } from "node:path";
import { familyOf } from "../anchors/registry.js";
import { choiceProblem, throwProblems } from "../checks.js";
import { listTasks, loadTask, taskNames } from "../datasets/registry.js";
import { loadAnchorFamily } from "../experiments/vtab-sources.js";
import { writeFileAtomic } from "../reporting/atomic-write.js";
import { comparedAnchorsTable } from "../reporting/compared-anchors-table.js";
import { groupBy } from "../reporting/seed-means.js";
import { tableToMarkdown } from "../reporting/table.js";
import type { AnchorFamily } from "../training/adapt.js";
import { compareAnchors, defaultCompare, withRandomWeights, type ComparedAnchor, type CompareRecipe } from "../training/compare-anchors.js";
import { comparedRowsPath, ownAnchors, readComparison } from "./compared-rows.js";
import { finiteNumber, repeated, startEngine, texts, wholeNumber, withEngineOptions, type EngineOptions } from "./options.js";
import { progressDisplay } from "./progress.js";
import { interruptible, type Terminal } from "./terminal.js";

/** Options of the command, as commander names them. */
interface CompareCommandOptions extends EngineOptions {
  readonly family: string;
  readonly weights?: readonly string[];
  readonly random?: true;
  readonly tasks: string[];
  readonly out: string;
  readonly steps: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly testImages: number;
  readonly seed: number;
}

/** A family with weights, and what heads its columns. */
interface Version {
  readonly name: string;
  readonly family: AnchorFamily;
}

/** Adds the command. */
export function addCompareCommand(program: Command, terminal: Terminal): void {
  withEngineOptions(program.command("compare"))
    .description("adapt every anchor alone, with PST's tensors and under one recipe, on the kit's own tasks; with several folders of weights, side by side")
    .option("--family <id>", "family of anchors with images: mini or mini-fine", "mini")
    .option("--weights <folder>", "folder of weights, headed by its last name; may be repeated (default: data/anchors in the kit's folder)", repeated)
    .option("--random", "random weights beside them: what pretraining is worth")
    .option("--tasks <list>", "tasks, by commas (default: all)", texts, [...taskNames])
    .addOption(new Option("--out <folder>", "where the table goes, and the rows that another run does not measure again").default(ownAnchors, "data/anchors in the kit's folder"))
    .option("--steps <count>", "optimizer updates", wholeNumber(1), defaultCompare.steps)
    .option("--batch-size <count>", "images a step", wholeNumber(1), defaultCompare.batchSize)
    .option("--learning-rate <number>", "peak learning rate", finiteNumber, defaultCompare.learningRate)
    .option("--test-images <count>", "first test images of each task", wholeNumber(1), defaultCompare.testImages)
    .option("--seed <number>", "seed of every random choice", wholeNumber(0), defaultCompare.seed)
    .addHelpText("after", "\nExamples:\n  esta compare --tasks digits,earth-terrain --out try\n  esta compare --weights version-1 --weights data/anchors --out try")
    .action(async (options: CompareCommandOptions) => {
      const { family: familyId, tasks, out, steps, batchSize, learningRate, testImages, seed } = options;
      throwProblems(tasks.flatMap((name) => choiceProblem("compare", "task", name, taskNames)));
      const trained = await Promise.all((options.weights ?? [ownAnchors]).map(async (folder): Promise<Version> => ({ name: basename(resolve(folder)), family: await loadAnchorFamily(familyId, [folder]) })));
      const versions = options.random === true ? [...trained, { name: "random", family: withRandomWeights(trained[0]!.family, seed) }] : trained;
      const recipe: CompareRecipe = { ...defaultCompare, steps, batchSize, learningRate, testImages, seed };
      await startEngine(terminal, options);
      const rowsFile = comparedRowsPath(out, familyId);
      const { imageSize } = familyOf(familyId).anchors[0]!.config;
      const display = progressDisplay(terminal);
      const rows = await interruptible(terminal, async (signal) => {
        const measured = await compareAnchors(versions.map(({ family }) => family), tasks, (name) => loadTask(name, { imageSize, testImages }), recipe, {
          known: knownRows(rowsFile, recipe),
          onRow: (rows) => keepRows(rowsFile, recipe, rows),
          onProgress: (progress) => display.update(progress),
          signal,
        });
        signal.throwIfAborted();
        return measured;
      });
      display.clear();
      const text = tablesText(options, versions, rows);
      const table = join(out, `${familyId}-compared.md`);
      writeFileAtomic(table, text);
      terminal.print(text);
      terminal.print(`table in ${table}, rows in ${rowsFile}`);
    });
}

/** Rows of an earlier run under the same recipe. */
function knownRows(path: string, recipe: CompareRecipe): readonly ComparedAnchor[] {
  const earlier = readComparison(path);
  return earlier !== undefined && JSON.stringify(earlier.recipe) === JSON.stringify(recipe) ? earlier.rows : [];
}

/** Adds rows to those kept under the same recipe. */
function keepRows(path: string, recipe: CompareRecipe, rows: readonly ComparedAnchor[]): void {
  const keyOf = ({ anchorId, weights, taskSha256 }: ComparedAnchor): string => `${anchorId} ${weights} ${taskSha256}`;
  const all = new Map([...knownRows(path, recipe), ...rows].map((row) => [keyOf(row), row]));
  const lines = [...all.values()].map((row) => `  ${JSON.stringify(row)}`).join(",\n");
  writeFileAtomic(path, `{ "recipe": ${JSON.stringify(recipe)}, "rows": [\n${lines}\n] }\n`);
}

function tablesText(options: CompareCommandOptions, versions: readonly Version[], rows: readonly ComparedAnchor[]): string {
  const { family, tasks, steps, batchSize, learningRate, testImages, seed, random } = options;
  const cards = listTasks().filter(({ name }) => tasks.includes(name));
  const table = (id: string, title: string, note: string, value: (row: ComparedAnchor) => number): string => {
    const columns = versions.flatMap(({ name: version, family: { anchors, labels } }) => anchors.map(({ anchorId, sha256 }, index) => ({
      version, anchor: labels[index]!,
      top1: cards.map(({ name }) => value(rows.find((row) => row.anchorId === anchorId && row.weights === sha256 && row.task === name)!)),
    })));
    return tableToMarkdown(comparedAnchorsTable({ id, title, note }, cards, columns));
  };
  const fewest = Math.min(...[...groupBy(cards, ({ group }) => group).values()].map(({ length }) => length));
  const images = Math.min(testImages, ...cards.map(({ counts }) => counts.test));
  const standardError = (count: number): string => (50 / Math.sqrt(count * images)).toFixed(1);
  const folders = options.weights === undefined ? "" : versions.slice(0, options.weights.length).map(({ name }) => ` --weights ${name}`).join("");
  const chosen = cards.length === taskNames.length ? "" : ` --tasks ${cards.map(({ name }) => name).join(",")}`;
  return [
    `# Anchors of family ${family} on the kit's own tasks`,
    "",
    `Test top-1 in per cent on the first ${testImages} test images of each task, one seed (${seed}): the test images alone leave a standard error of up to ${standardError(1)} in each number, and of up to ${standardError(fewest)} in the mean of a group.`,
    "",
    `Made by \`esta compare --family ${family}${folders}${random === true ? " --random" : ""}${chosen} --steps ${steps} --batch-size ${batchSize} --learning-rate ${learningRate} --test-images ${testImages} --seed ${seed}\`, of the weights:`,
    "",
    ...versions.flatMap(({ name, family: { anchors } }) => anchors.map(({ anchorId, sha256 }) => `- ${name}, ${anchorId}: ${sha256}`)),
    "",
    table("adapted", "Adapted alone", `PST's tensors on one anchor, its head started from a short linear probe, ${steps} steps of ${batchSize} of the 800 training images, peak learning rate ${learningRate}.`, ({ adaptedTop1 }) => adaptedTop1),
    table("probe", "Linear probe", "Logistic regression on the frozen class token.", ({ probeTop1 }) => probeTop1),
  ].join("\n");
}
