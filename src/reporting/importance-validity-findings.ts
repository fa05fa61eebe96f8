/**
 * @file What importance-validity found, in sentences: whether scores predict accuracy, what choosing by them loses, and from when on.
 */
import { listText, numberText, oursText } from "./claim-text.js";
import { judge, type Verdict } from "./claims.js";
import { PAPER_SCORE, scoreLabels, scoreLines, validityOf, type ScoreLine, type ScoreRow } from "./score-validity.js";
import { groupBy, type MeanSpread } from "./seed-means.js";

type Answer = Verdict | "one seed";
const sentences: Readonly<Record<Answer, string>> = {
  supported: "predicts accuracy among stitches of like cost", contradicted: "does not predict accuracy: it ranks stitches of like cost against it",
  undecided: "is not shown to predict accuracy among stitches of like cost", "one seed": "cannot be judged with one seed",
};
const heads: Readonly<Record<Answer, string>> = { supported: "for accuracy ", contradicted: "against accuracy ", undecided: "undecided ", "one seed": "" };

/** For and against the paper. */
export function validityFindings(rows: readonly ScoreRow[]): string[] {
  const lines = scoreLines(rows);
  const inBins = (name: string): MeanSpread | null => validityOf(lines, name, "spearmanInBins");
  const scores = [...new Set(lines.map(({ variant }) => variant))].filter((name) => name !== "random" && inBins(name) !== null);
  const [best, ...others] = scores.filter((name) => name !== PAPER_SCORE).sort((a, b) => inBins(b)!.mean - inBins(a)!.mean);
  if (!scores.includes(PAPER_SCORE) || best === undefined) return [];
  const answer = (name: string): Answer => (inBins(name)!.spread === null ? "one seed" : judge(inBins(name)).verdict);
  const rest = [...groupBy(others, answer)].map(([verdict, some]) => `${heads[verdict]}${listText(some.map((name) => `${labelOf(name)} ${oursText({ ours: inBins(name), unit: "correlation" })}`))}`);
  return [
    `The paper's score, ${labelOf(PAPER_SCORE)}, ${sentences[answer(PAPER_SCORE)]}. ${correlations(lines, PAPER_SCORE)}`,
    `Of the other scores, ${labelOf(best)} has the highest correlation and ${sentences[answer(best)]}. ${correlations(lines, best)}`,
    ...(rest.length === 0 ? [] : [`The rest, by ρ inside bins: ${rest.join("; ")}.`]),
    ...regrets(lines, [PAPER_SCORE, best, ...others.filter((name) => name === "training-average")]),
    ...byTask(rows, [PAPER_SCORE, best]),
    ...trustworthy(lines, scores),
  ];
}

function correlations(lines: readonly ScoreLine[], name: string): string {
  const pair = (rho: "spearmanInBins" | "spearman", tau: "kendallInBins" | "kendall"): string => `${numberText(validityOf(lines, name, rho)!, "correlation")} (Kendall's τ-b ${oursText({ ours: validityOf(lines, name, tau), unit: "correlation" })})`;
  return `Spearman's ρ with final test accuracy: inside FLOPs bins ${pair("spearmanInBins", "kendallInBins")}; over all stitches ${pair("spearman", "kendall")}.`;
}

/** What choosing each bin's stitch loses against the oracle. */
function regrets(lines: readonly ScoreLine[], names: readonly string[]): string[] {
  const losses = names.map((name) => `${unsigned(validityOf(lines, name, "regret"))} by ${labelOf(name)} (gain over random ${numberText(validityOf(lines, name, "gain")!)})`);
  return [
    `Choosing one stitch of each bin loses, against an oracle that knows the test accuracies, ${unsigned(validityOf(lines, names[0]!, "uniformRegret"))} uniformly at random (the exact expectation), ${listText(losses)}.`,
    "The oracle's lead is in part noise of the test images that it chooses on; the gains over a random choice are free of it.",
  ];
}

/** On how many tasks the correlation is positive. */
function byTask(rows: readonly ScoreRow[], names: readonly string[]): string[] {
  const tasks = [...groupBy(rows, ({ task }) => task).values()].map(scoreLines);
  if (tasks.length < 2) return [];
  const above = (name: string): number => tasks.filter((lines) => (validityOf(lines, name, "spearmanInBins")?.mean ?? 0) > 0).length;
  return [`Task by task, ρ inside bins is above 0 ${listText(names.map((name) => `on ${above(name)} of ${tasks.length} for ${labelOf(name)}`))}.`];
}

/** From what share of the training on ranking and choice are both beyond doubt, and stay so; nothing with one seed or one time. */
function trustworthy(lines: readonly ScoreLine[], names: readonly string[]): string[] {
  const sharesOf = (name: string): number[] => [...new Set(lines.filter(({ variant }) => variant === name).map(({ share }) => share))].sort((a, b) => a - b);
  const first = Math.min(...lines.map(({ share }) => share));
  if (first === 1 || lines.every(({ seed }) => seed === lines[0]!.seed)) return [];
  const isCertain = (name: string, share: number): boolean => (["spearmanInBins", "gain"] as const).every((key) => judge(validityOf(lines, name, key, share)).verdict === "supported");
  /** Infinity where never. */
  const from = (name: string): number => sharesOf(name).find((_, index, shares) => shares.slice(index).every((later) => isCertain(name, later))) ?? Infinity;
  const parts = [...groupBy(names, from)].sort(([a], [b]) => a - b).map(([share, some]) => `${listText(some.map(labelOf))} ${share === Infinity ? "at no time measured" : share === 1 ? "at the end alone" : `from ${percent(share)} of the training on`}`);
  const late = names.filter((name) => sharesOf(name)[0] === 1);
  return [
    `Trustworthy, with the 95 % intervals of ρ inside bins and of the gain over a random choice above 0 from then on, is ${parts.join("; ")}.`,
    `Nothing was measured before ${percent(first)} of the training${late.length === 0 ? "" : `, ${listText(late.map(labelOf))} at the end alone`}.`,
  ];
}

/** A score's name inside a sentence. */
function labelOf(name: string): string {
  return (scoreLabels[name] ?? name).replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase());
}

/** Points without a sign. */
function unsigned(ours: MeanSpread | null): string {
  return oursText({ ours }).replace(/^\+/, "");
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
