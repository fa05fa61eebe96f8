/**
 * @file `esta figure`: one figure again, from rows.csv alone.
 */
import { Option, type Command } from "commander";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../checks.js";
import type { PlannedExperiment } from "../experiments/experiment.js";
import { experiments, profileOf } from "../experiments/index.js";
import { experimentFolder } from "../experiments/run-folder.js";
import type { FigureWidth } from "../reporting/figures/figure.js";
import { figureEndings, writeFigure, writeFigurePdf } from "../reporting/figures/render.js";
import { readSummary } from "../reporting/summary.js";
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
  readonly width: FigureWidth;
  readonly results: string;
  readonly out?: string;
}

/** Adds the command. */
export function addFigureCommand(program: Command, terminal: Terminal): void {
  program
    .command("figure")
    .argument("<id>", "experiment, or experiment/figure for one of several")
    .description(`draw a figure again from rows.csv (${figureEndings.join(", ")}, pdf), and nothing else`)
    .option("--profile <name>", "quick, laptop or paper", "quick")
    .addOption(new Option("--width <columns>", "columns of a journal page: single (89 mm) or double (183 mm)").choices(["single", "double"]).default("double"))
    .addOption(new Option("--results <folder>", "folder of results").default(defaultResults, "results in the kit's folder"))
    .option("--out <folder>", "where the files go (default: the experiment's own figures)")
    .addHelpText("after", "\nExamples:\n  esta figure vtab-stitching\n  esta figure sampling-ablation/visits --profile laptop --width single --out paper/figures")
    .action(async (id: string, options: FigureCommandOptions) => {
      const planned = experiments.map((experiment) => experiment.plan(profileOf(options.profile)));
      for (const figure of figuresOf(id, planned)) for (const path of await drawFigure(figure, options)) terminal.print(path);
    });
}

/** The figures that an id names. @throws {UsageError} listing all that there are. */
export function figuresOf(id: string, planned: readonly PlannedExperiment[]): NamedFigure[] {
  const all = planned.flatMap((experiment) => experiment.figures.map((figure): NamedFigure => ({ experiment, figure })));
  const names = ({ experiment, figure }: NamedFigure): string[] => [experiment.id, `${experiment.id}/${figure}`];
  const found = all.filter((one) => names(one).includes(id));
  if (found.length === 0) {
    throw new UsageError(`figure: ${JSON.stringify(id)} is not known, expected an experiment with figures or one of ${all.map((one) => names(one)[1]).join(", ")}.`);
  }
  return found;
}

async function drawFigure({ experiment, figure }: NamedFigure, { results, width, out }: FigureCommandOptions): Promise<string[]> {
  const folder = experimentFolder(results, experiment.profile, experiment.id);
  const rows = join(folder, "rows.csv");
  if (!existsSync(rows)) throw new UsageError(`figure ${experiment.id}: ${rows} is not there, expected rows of an earlier run. Run it first: esta run ${experiment.id} --profile ${experiment.profile}.`);
  const note = readSummary(folder)?.note;
  const stem = join(out ?? join(folder, "figures"), figure);
  const title = `${experiment.id}, ${experiment.profile}`;
  const drawn = experiment.drawFigure(folder, figure, width, note);
  const files = await writeFigure(stem, drawn, title, width === "double" ? experiment.drawFigure(folder, figure, "single", note) : undefined);
  return [...figureEndings.map((ending) => files[ending]), await writeFigurePdf(stem, drawn, title)];
}
