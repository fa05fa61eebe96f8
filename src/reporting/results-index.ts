/**
 * @file `results/README.md`: what the paper claims, what was found, the verdict, the file and the command — read from the results
 * folder alone.
 */
import { join } from "node:path";
import { writeFileAtomic } from "./atomic-write.js";
import { countText, oursText, reasonText, tallyText } from "./claim-text.js";
import type { ClaimResult } from "./claims.js";
import { missingText } from "./coverage.js";
import { findExperiments, type FoundExperiment } from "./found-experiments.js";
import { groupBy } from "./seed-means.js";
import type { ExperimentSummary } from "./summary.js";

/** An experiment that could have been run, for saying that it was not. */
export interface KnownExperiment {
  readonly id: string;
  /** What the paper states; "none published…" where it states nothing. */
  readonly claim: string;
}

/** A claim with the largest profile that measured it. */
interface JudgedClaim {
  readonly claim: ClaimResult;
  readonly found: FoundExperiment;
}

/** Profiles from the most to the least that a claim rests on; the user's own settings come last. */
const profiles = ["paper", "laptop", "quick"];
const rank = ({ summary: { profile } }: FoundExperiment): number => (profiles.includes(profile) ? profiles.indexOf(profile) : profiles.length);

/** Writes the index of a results folder. @param known - every experiment, in the order to list them in. */
export function writeResultsIndex(results: string, known: readonly KnownExperiment[] = []): void {
  writeFileAtomic(join(results, "README.md"), resultsIndex(results, known));
}

/** Makes the index of a results folder as Markdown; the same folder gives the same bytes. */
export function resultsIndex(results: string, known: readonly KnownExperiment[] = []): string {
  const found = findExperiments(results, known.map(({ id }) => id));
  const judged = judgedClaims(found);
  const [paper, own] = (["paper", "our question"] as const).map((source) => judged.filter(({ claim }) => claim.source === source)) as [JudgedClaim[], JudgedClaim[]];
  return [
    "# Results",
    "",
    "Generated from this folder; do not edit. A number is the mean ± sample standard deviation over seeds; one seed has no spread.",
    "Only the direction of an effect is tested, never a published number. Supported or contradicted: the 95 % interval of the mean over seeds lies on one side of zero.",
    "Beside each figure's PNG and SVG `node dist/cli.js report` writes an interactive page (`.html`), and for each profile `report.html`, which shows all of it.",
    "",
    ...(judged.length === 0 ? ["No experiment has finished yet.", ""] : [`**The paper's claims: ${tallyText(paper.map(({ claim }) => claim))}. Our own questions: ${tallyText(own.map(({ claim }) => claim))}.** Each is judged by the largest profile that measured it.`, ""]),
    ...claimTable("What the paper claims", paper),
    ...claimTable("What we asked beside it", own),
    ...notRun(found, known),
    ...[...groupBy(found, ({ summary }) => summary.experiment).values()].flatMap((ofExperiment) => experimentSection([...ofExperiment].sort((a, b) => rank(a) - rank(b)))),
  ].join("\n");
}

/** Every claim once: by the largest profile that has a number for it. */
function judgedClaims(found: readonly FoundExperiment[]): JudgedClaim[] {
  const all = found.flatMap((one) => one.summary.claims.map((claim): JudgedClaim => ({ claim, found: one })));
  return [...groupBy(all, ({ claim, found: { summary } }) => `${summary.experiment}\n${claim.claim}`).values()].map((same) =>
    [...same].sort((a, b) => Number(a.claim.ours === null) - Number(b.claim.ours === null) || rank(a.found) - rank(b.found))[0]!);
}

function claimTable(title: string, judged: readonly JudgedClaim[]): string[] {
  if (judged.length === 0) return [];
  return [
    `## ${title}`, "",
    "| Claim | Verdict | Ours | Profile | Files | Command |", "| --- | --- | --- | --- | --- | --- |",
    ...judged.map(({ claim, found: { folder, summary } }) => `| ${cell(claim.claim)} | **${claim.verdict}**: ${cell(reasonText(claim))} | ${oursText(claim)} (${cell(claim.measure)}) | ${cell(summary.profile)}${missingText(summary.coverage) === null ? "" : ", partial"} | [${folder}](${folder}/) | \`${summary.command}\` |`),
    "",
  ];
}

function notRun(found: readonly FoundExperiment[], known: readonly KnownExperiment[]): string[] {
  const lacking = known.filter(({ id }) => found.every(({ summary }) => summary.experiment !== id));
  return lacking.length === 0 ? [] : [`Not run yet: ${lacking.map(({ id }) => `\`${id}\``).join(", ")}.`, ""];
}

/** One experiment: the largest profile in full, the others in a line each. */
function experimentSection([first, ...others]: readonly FoundExperiment[]): string[] {
  const { folder, summary, runs } = first!;
  return [
    `## ${cell(summary.question)}`,
    "",
    ...found(summary),
    `\`${cell(summary.experiment)}\`, ${cell(summary.profile)} profile. ${claimsText(summary.claims)}`,
    "",
    ...missing(first!),
    `*${cell(summary.note)}*`,
    "",
    `Made by \`${summary.command}\`${runsText(first!)}.`,
    ...runs.filter(({ status }) => status === "failed").map(({ run, reason }) => `- failed: ${cell(run)}: ${cell(reason ?? "no reason given")}`),
    "",
    ...picture(folder, summary.files),
    summary.files.filter((file) => !file.endsWith(".html")).map((file) => `[${file}](${folder}/${file})`).join(" · "),
    "",
    ...others.flatMap((other) => [`[${other.summary.profile} profile](${other.folder}/): ${claimsText(other.summary.claims)}`, "", ...missing(other)]),
  ];
}

/** What was found, a sentence a line. */
function found({ found: sentences = [] }: ExperimentSummary): string[] {
  return sentences.length === 0 ? [] : [...sentences.map((sentence) => `- ${cell(sentence)}`), ""];
}

/** How the claims stand; they are told one by one in the tables above. */
function claimsText(claims: readonly ClaimResult[]): string {
  const told = ([["paper", "The paper's claims"], ["our question", "our own questions"]] as const).flatMap(([source, name]) => {
    const some = claims.filter((claim) => claim.source === source);
    return some.length === 0 ? [] : [`${name}: ${tallyText(some)}`];
  });
  return told.length === 0 ? "No claim was tested." : `${capital(told.join("; "))}.`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function missing({ summary: { coverage } }: FoundExperiment): string[] {
  const text = missingText(coverage);
  return text === null ? [] : [`**${cell(text)}**`, ""];
}

function runsText({ summary: { coverage }, runs }: FoundExperiment): string {
  if (coverage === undefined && runs.length === 0) return ""; // an earlier version's summary, its runs' records gone
  const failed = runs.filter(({ status }) => status === "failed").length;
  const finished = coverage?.finished ?? runs.length - failed;
  return `; ${countText(finished, "run")} finished${failed === 0 ? "" : `, ${failed} failed`}`;
}

function picture(folder: string, files: readonly string[]): string[] {
  const image = files.find((file) => file.endsWith(".png"));
  return image === undefined ? [] : [`![${image}](${folder}/${image})`, ""];
}

function cell(text: string): string {
  return text.replace(/\s+/g, " ").replaceAll("|", "\\|").trim();
}

/** Lines between which a page holds the paper's claims. */
const BLOCK = { begin: "<!-- claims: written by esta report -->", end: "<!-- end of claims -->" } as const;

/**
 * Writes the paper's claims and their verdicts into a page, between its markers; a page without markers stays as it is.
 *
 * @param prefix - path from the page to the results folder.
 */
export function withClaims(page: string, results: string, known: readonly KnownExperiment[], prefix = "results"): string {
  const [start, end] = [page.indexOf(BLOCK.begin), page.indexOf(BLOCK.end)];
  if (start < 0 || end < start) return page;
  const found = findExperiments(results, known.map(({ id }) => id));
  const judged = judgedClaims(found).filter(({ claim }) => claim.source === "paper");
  const lacking = known.filter(({ id, claim }) => !claim.startsWith("none published") && found.every(({ summary }) => summary.experiment !== id));
  const lines = [
    "| claim of the paper | verdict | our result | profile |", "| --- | --- | --- | --- |",
    ...judged.map(({ claim, found: { folder, summary } }) => `| ${cell(claim.claim)} | ${claim.verdict} | ${oursText(claim)} ${cell(claim.measure)}; ${cell(reasonText(claim))} | [${cell(summary.profile)}](${prefix}/${folder}/)${missingText(summary.coverage) === null ? "" : ", partial"} |`),
    ...lacking.map(({ id, claim }) => `| ${cell(claim.replace(/ \([^)]*paper[^)]*\)$/, ""))} | not run yet | \`esta run ${id}\` | – |`),
  ];
  return `${page.slice(0, start)}${BLOCK.begin}\n${lines.join("\n")}\n${page.slice(end)}`;
}
