/**
 * @file `esta report`: tables and figures again, from rows.csv alone.
 */
import type { Command } from "commander";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../checks.js";
import { parseSummary, SUMMARY_FILE, writeResultsIndex } from "../reporting/results-index.js";
import { writeReportPage } from "../reporting/report-page/report-page.js";
import { experimentFolder } from "../experiments/run-folder.js";
import { plannedExperiments, withPlanOptions, type PlanCommandOptions } from "./plan-options.js";
import type { Terminal } from "./terminal.js";

/** Adds the command. */
export function addReportCommand(program: Command, terminal: Terminal): void {
  withPlanOptions(program.command("report"))
    .description("draw tables and figures again from rows.csv, without running anything")
    .addHelpText("after", "\nExamples:\n  esta report\n  esta report vtab-stitching --profile laptop")
    .action(async (ids: string[], options: PlanCommandOptions) => {
      const planned = plannedExperiments(ids, options);
      for (const experiment of planned) {
        const folder = experimentFolder(options.results, experiment.profile, experiment.id);
        const rows = join(folder, "rows.csv");
        if (!existsSync(rows)) throw new UsageError(`report ${experiment.id}: ${rows} is not there, expected rows of an earlier run. Run it first: esta run ${experiment.id} --profile ${options.profile}.`);
        await experiment.report(folder, noteOfRows(folder));
        terminal.print(`${experiment.id}: tables and figures in ${folder}`);
      }
      writeResultsIndex(options.results);
      for (const path of writeReportPages(options.results, planned)) terminal.print(`report: ${path}`);
    });
}

/** Writes the page of every profile that was planned; returns their paths. */
export function writeReportPages(results: string, planned: readonly { readonly profile: string }[]): string[] {
  return [...new Set(planned.map(({ profile }) => profile))].flatMap((profile) => writeReportPage(results, profile) ?? []);
}

/** What the run that made the rows said of itself: today's settings may be others. */
function noteOfRows(folder: string): string | undefined {
  const path = join(folder, SUMMARY_FILE);
  return existsSync(path) ? parseSummary(readFileSync(path, "utf8"), path).note : undefined;
}
