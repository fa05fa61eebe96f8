/**
 * @file `esta report`: rows.csv from the runs that are there, tables and figures from rows.csv alone.
 */
import type { Command } from "commander";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../checks.js";
import { experiments } from "../experiments/index.js";
import { packageRoot } from "../experiments/package-root.js";
import { gatherRows } from "../experiments/run-experiment.js";
import { experimentFolder } from "../experiments/run-folder.js";
import { writeReportPage } from "../reporting/report-page/report-page.js";
import { withClaims, writeResultsIndex } from "../reporting/results-index.js";
import { readSummary } from "../reporting/summary.js";
import { writeFileAtomic } from "../reporting/atomic-write.js";
import { defaultResults } from "./options.js";
import { plannedExperiments, withPlanOptions, type PlanCommandOptions } from "./plan-options.js";
import type { Terminal } from "./terminal.js";

/** Adds the command. */
export function addReportCommand(program: Command, terminal: Terminal): void {
  withPlanOptions(program.command("report"))
    .description("put together the runs that are finished so far and draw tables and figures, without running anything")
    .addHelpText("after", "\nExamples:\n  esta report\n  esta report laptop vtab-stitching")
    .action(async (ids: string[], options: PlanCommandOptions) => {
      const planned = plannedExperiments(ids, options);
      for (const experiment of planned) {
        const folder = experimentFolder(options.results, experiment.profile, experiment.id);
        const rows = join(folder, "rows.csv");
        const gathered = await gatherRows(experiment, folder);
        if (!existsSync(rows)) {
          const isOneOfAll = ids.length === 0 && existsSync(join(options.results, experiment.profile));
          if (!isOneOfAll) throw new UsageError(`report ${experiment.id}: ${rows} is not there, expected rows of an earlier run. Run it first: esta run ${experiment.id} --profile ${options.profile}.`);
          terminal.print(`${experiment.id}: not run yet`);
          continue;
        }
        // Today's settings may be others than those that made rows which were not gathered now.
        await experiment.report(folder, gathered > 0 ? undefined : readSummary(folder)?.note);
        terminal.print(`${experiment.id}: tables and figures in ${folder}`);
      }
      for (const path of writeOverviews(options.results, planned)) terminal.print(`report: ${path}`);
    });
}

/**
 * Writes what stands above single experiments: the index of all results, the page of every profile that was planned, and, for the
 * kit's own results, the table of claims in the kit's README.md.
 *
 * @returns the paths of the pages.
 */
export function writeOverviews(results: string, planned: readonly { readonly profile: string }[]): string[] {
  writeResultsIndex(results, experiments);
  if (results === defaultResults) {
    const path = join(packageRoot, "README.md");
    const before = readFileSync(path, "utf8");
    const after = withClaims(before, results, experiments);
    if (after !== before) writeFileAtomic(path, after);
  }
  return [...new Set(planned.map(({ profile }) => profile))].flatMap((profile) => writeReportPage(results, profile, experiments) ?? []);
}
