/**
 * @file `esta figure`: one figure again, from rows.csv alone.
 */
import { Option, type Command } from "commander";
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "../checks.js";
import type { PlannedExperiment } from "../experiments/experiment.js";
import { experiments, profileOf } from "../experiments/index.js";
import { experimentFolder } from "../experiments/run-folder.js";
import { parseSummary, SUMMARY_FILE } from "../reporting/results-index.js";
import { defaultResults } from "./options.js";
import type { Terminal } from "./terminal.js";

/** A figure and the experiment whose rows it shows. */
export interface NamedFigure {
  readonly experiment: PlannedExperiment;
  /** Name of its files without ending. */
  readonly figure: string;
}

/** Options of the command, as commander names them. */
interface FigureCommandOptions {
  readonly profile: string;
  readonly results: string;
  readonly out?: string;
}

/** Adds the command. */
export function addFigureCommand(program: Command, terminal: Terminal): void {
  program
    .command("figure")
    .argument("<id>", "experiment, or experiment/figure for one of several")
    .description("draw a figure again from rows.csv, as SVG, PNG and interactive page, and nothing else")
    .option("--profile <name>", "quick, laptop or paper", "quick")
    .addOption(new Option("--results <folder>", "folder of results").default(defaultResults, "results in the kit's folder"))
    .option("--out <folder>", "where the files go (default: the experiment's own figures)")
    .addHelpText("after", "\nExamples:\n  esta figure vtab-stitching\n  esta figure sampling-ablation/visits --profile laptop --out paper/figures")
    .action(async (id: string, { profile, results, out }: FigureCommandOptions) => {
      const planned = experiments.map((experiment) => experiment.plan(profileOf(profile)));
      for (const { experiment, files } of byExperiment(figuresOf(id, planned))) {
        for (const path of await drawFigures(experiment, files, experimentFolder(results, experiment.profile, experiment.id), out)) terminal.print(path);
      }
    });
}

/** Every figure that experiments draw. */
function allFigures(planned: readonly PlannedExperiment[]): NamedFigure[] {
  return planned.flatMap((experiment) => experiment.reportFiles.flatMap((file) => {
    const figure = /^figures\/(.+)\.svg$/.exec(file)?.[1];
    return figure === undefined ? [] : [{ experiment, figure }];
  }));
}

/** The figures that an id names. @throws {UsageError} listing all that there are. */
export function figuresOf(id: string, planned: readonly PlannedExperiment[]): NamedFigure[] {
  const all = allFigures(planned);
  const names = ({ experiment, figure }: NamedFigure): string[] => [experiment.id, `${experiment.id}/${figure}`];
  const found = all.filter((one) => names(one).includes(id));
  if (found.length === 0) {
    throw new UsageError(`figure: ${JSON.stringify(id)} is not known, expected an experiment with figures or one of ${all.map((one) => names(one)[1]).join(", ")}.`);
  }
  return found;
}

function byExperiment(figures: readonly NamedFigure[]): { experiment: PlannedExperiment; files: string[] }[] {
  return [...new Set(figures.map(({ experiment }) => experiment))].map((experiment) => ({
    experiment,
    files: figures.filter((one) => one.experiment === experiment).map(({ figure }) => figure),
  }));
}

/** Draws in a folder beside, and takes only the figures asked for: the others, and the tables, stay as they are. */
async function drawFigures(experiment: PlannedExperiment, figures: readonly string[], folder: string, out: string = join(folder, "figures")): Promise<string[]> {
  const rows = join(folder, "rows.csv");
  if (!existsSync(rows)) throw new UsageError(`figure ${experiment.id}: ${rows} is not there, expected rows of an earlier run. Run it first: esta run ${experiment.id} --profile ${experiment.profile}.`);
  const summary = join(folder, SUMMARY_FILE);
  const note = existsSync(summary) ? parseSummary(readFileSync(summary, "utf8"), summary).note : undefined;
  const drawn = mkdtempSync(join(tmpdir(), "esta-figure-"));
  try {
    copyFileSync(rows, join(drawn, "rows.csv"));
    if (existsSync(join(folder, "runs"))) cpSync(join(folder, "runs"), join(drawn, "runs"), { recursive: true });
    await experiment.report(drawn, note);
    mkdirSync(out, { recursive: true });
    return figures.flatMap((figure) => ["svg", "png", "html"].map((ending) => {
      const target = join(out, `${figure}.${ending}`);
      copyFileSync(join(drawn, "figures", `${figure}.${ending}`), target);
      return target;
    }));
  } finally {
    rmSync(drawn, { recursive: true, force: true });
  }
}
