/**
 * @file `results/<profile>/report.html`: claims and verdicts, the stitch explorer, every figure, table and run, in one page that
 * opens from disk without a network.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../atomic-write.js";
import { escapeHtml } from "../escape-html.js";
import { fontFaceCss } from "../figures/font.js";
import { figuresOfPage, NARROW_SCREEN, scriptJson } from "../figures/page.js";
import { plotlySource } from "../figures/plotly-window.js";
import { oursText, reasonText, tallyText } from "../claim-text.js";
import { missingText } from "../coverage.js";
import { findExperiments, type FoundExperiment } from "../found-experiments.js";
import { readLatency, type ReportedLatency } from "../latency.js";
import { anchorLabel, methodStyles } from "../figures/style.js";
import type { Table } from "../table.js";
import { exploredGroups, exploredMeasures } from "./stitch-means.js";

/** Name of the page in a profile's folder. */
export const REPORT_FILE = "report.html";

/** The page's programs in the order that they stand in; what comes later uses what comes before. */
const programs = ["page-elements.js", "page-figures.js", "page-tables.js", "page-routes.js", "page-explorer.js", "page.js"] as const;

/** The page's own style and programs lie as plain files in `src`, for `dist` too. */
const asset = (name: string): string => readFileSync(new URL(`../../../src/reporting/report-page/${name}`, import.meta.url), "utf8");

/**
 * Writes the report of a profile (about 5 MB, nearly all of it plotly.js, once).
 *
 * @param known - the experiments in the order to show them in.
 * @returns its path, or nothing where the profile has no results.
 */
export function writeReportPage(results: string, profile: string, known: readonly { readonly id: string }[] = []): string | undefined {
  const found = findExperiments(results, known.map(({ id }) => id)).filter(({ folder }) => folder.startsWith(`${profile}/`));
  if (found.length === 0) return undefined;
  const path = join(results, profile, REPORT_FILE);
  writeFileAtomic(path, reportPage(profile, found.map((experiment) => reportedExperiment(results, experiment)), readLatency(results)));
  return path;
}

/** What the page's program gets of an experiment. */
export type ReportedExperiment = ReturnType<typeof reportedExperiment>;

function reportedExperiment(results: string, { folder, summary, runs }: FoundExperiment) {
  const path = join(results, folder);
  const rows = join(path, "rows.csv");
  const explored = existsSync(rows) ? exploredGroups(readFileSync(rows, "utf8")) : [];
  const methods = [...new Set(explored.map(({ method }) => method))];
  const tables = filesOf(join(path, "tables"), ".json").map((name) => JSON.parse(readFileSync(join(path, "tables", name), "utf8")) as Table);
  const labels: Readonly<Record<string, string>> = Object.assign({}, ...tables.flatMap(({ columns }) => columns.flatMap((column) => (column.key === "method" ? [column.labels] : []))));
  const anchors = [...new Set(explored.flatMap(({ stitches }) => stitches.flatMap(({ front, end }) => [front, end])))];
  return {
    summary,
    claimTexts: summary.claims.map((claim) => ({ oursText: oursText(claim), reasonText: reasonText(claim) })),
    finding: summary.found ?? [],
    missing: missingText(summary.coverage),
    figures: filesOf(join(path, "figures"), ".html").flatMap((name) => {
      const figure = figuresOfPage(readFileSync(join(path, "figures", name), "utf8"));
      return figure === null ? [] : [{ name: name.slice(0, -".html".length), ...figure }];
    }),
    tables,
    explored,
    methodLabels: Object.fromEntries(methodStyles(methods, labels).map(({ id, label }) => [id, label])),
    anchorLabels: Object.fromEntries(anchors.map((anchor) => [anchor, anchorLabel(anchor)])),
    runs,
  };
}

function filesOf(folder: string, ending: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(ending)).sort() : [];
}

/** Makes the page; the same results give the same bytes. */
export function reportPage(profile: string, experiments: readonly ReportedExperiment[], latency: ReportedLatency | null = null): string {
  const all = experiments.flatMap(({ summary }) => summary.claims);
  const tally = `The paper's claims: ${tallyText(all.filter(({ source }) => source === "paper"))}. Our own questions: ${tallyText(all.filter(({ source }) => source !== "paper"))}.`;
  const title = `Stitchable task adaptation: ${profile} results`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${escapeHtml(title)}</title>
<style>
${fontFaceCss()}
${asset("page.css")}
</style>
</head>
<body>
<a class="skip" href="#main">Skip to the claims</a>
<header><h1>${escapeHtml(title)}</h1><nav id="contents" aria-label="Contents"></nav><button id="theme" type="button">Dark</button></header>
<main id="main"><noscript>This page draws its tables and figures with JavaScript; the same numbers are in README.md and rows.csv beside it.</noscript></main>
<script>${plotlySource().replaceAll("</script", "<\\/script")}</script>
<script>
(() => {
"use strict";
const report = ${scriptJson({ profile, narrowScreen: NARROW_SCREEN, tally, latency, measures: exploredMeasures, experiments })};
${programs.map(asset).join("\n").replaceAll("</script", "<\\/script")}
})();
</script>
</body>
</html>
`;
}
