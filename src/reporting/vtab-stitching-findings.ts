/**
 * @file What vtab-stitching shows, sentence by sentence: PST against full SN-Net adaptation, its parts, and the anchors adapted one by one.
 */
import { countText, listText, numberText, oursText, percentText } from "./claim-text.js";
import { wholeRows } from "./common-runs.js";
import { standing, type Standing } from "./difference-table.js";
import { anchorLabel } from "./figures/style.js";
import type { StitchRow } from "./record.js";
import { average, groupBy, type MeanSpread } from "./seed-means.js";
import { comparedAsRun } from "./stitch-claims.js";
import { comparedAreas, trainedParams, type ComparedAreas } from "./tables.js";

/** A sentence for each comparison that the rows hold. */
export function vtabStitchingFindings(rows: readonly StitchRow[]): string[] {
  return [
    ...frontierSentences(comparedAreas(rows, "pst", "sn-net")),
    ...asRunSentence(rows),
    ...parameterSentence(rows),
    ...partsSentence(rows),
    ...anchorSentences(rows),
    ...topKSentence(rows),
  ];
}

function frontierSentences({ difference, meanOfGroups, byGroup, byTask, tasks }: ComparedAreas): string[] {
  if (difference === null || meanOfGroups === null) return [];
  const verdict = { above: ", as the paper says", below: ", against the paper", undecided: "" }[standing(difference)];
  // With one task a group the groups would tell the tasks again.
  const grouped = tasks.length > byGroup.size;
  const groups = [...byGroup].map(([group, found]) => `${group} ${toldText(found)}`);
  return [
    `Along the accuracy–FLOPs frontier PST ${relation(difference)} SN-Net${verdict}: the areas differ by ${numberText(difference)} (mean of ${countText(tasks.length, "task")})${grouped ? `, and by ${toldText(meanOfGroups)} on the mean of the groups' means` : ""}.`,
    `${tasksText(byTask)}${grouped ? `; by group: ${listText(groups)}` : ""}.`,
  ];
}

/** On how many tasks PST stands above and below; with one seed, by the sign alone. */
function tasksText(byTask: ReadonlyMap<string, MeanSpread>): string {
  const judged = [...byTask.values()].some(({ count }) => count > 1);
  const namesOf = (stands: Standing): string[] => [...byTask].filter(([, found]) => (judged ? standing(found) : found.mean > 0 ? "above" : "below") === stands).map(([task]) => task);
  const named = (tasks: readonly string[]): string => (tasks.length === 0 ? "none" : tasks.length > 5 ? String(tasks.length) : `${tasks.length} (${listText(tasks)})`);
  const undecided = namesOf("undecided").length;
  return `Of ${countText(byTask.size, "task")} PST is above on ${named(namesOf("above"))} and below on ${named(namesOf("below"))}${judged ? `, ${undecided === 0 ? "none is" : undecided === 1 ? "one is" : `${undecided} are`} undecided` : ", with one seed by the sign alone"}`;
}

function asRunSentence(rows: readonly StitchRow[]): string[] {
  const { difference, tasks } = comparedAsRun(rows, "pst", "sn-net");
  if (difference === null) return [];
  const byValidation = comparedAreas(rows, "pst", "sn-net", ({ areaByValidation }) => areaByValidation).difference;
  return [
    `As run without an oracle, PST's stitches chosen by importance and SN-Net's by validation accuracy, PST ${relation(difference)} SN-Net: ${numberText(difference)} (mean of ${countText(tasks.length, "task")})` +
      `${byValidation === null ? "" : `; with both chosen by validation the difference is ${toldText(byValidation)}`}.`,
  ];
}

function parameterSentence(rows: readonly StitchRow[]): string[] {
  const trained = trainedOfBoth(rows, "sn-net");
  const alone = trainedOfBoth(rows, "anchors");
  if (trained === null) return [];
  return [`PST trains ${percentText(trained.pst / trained.other)} of what SN-Net trains, heads included (${millions(trained.pst)} of ${millions(trained.other)} million parameters)${alone === null ? "" : `; the anchors adapted one by one train ${millions(alone.other)} million together`}.`];
}

/** PST without one half of it. */
function partsSentence(rows: readonly StitchRow[]): string[] {
  const parts = [["lora-only", "PST with biases that all stitches share"], ["bias-only", "PST with each stitch's biases alone"]] as const;
  const told = parts.flatMap(([method, name]) => {
    const { difference, tasks } = comparedAreas(rows, "pst", method);
    const trained = trainedOfBoth(rows, method);
    return difference === null || trained === null ? [] : [`${relation(difference)} that of ${name} (${percentText(trained.other / trained.pst)} of its trained parameters): ${numberText(difference)} (mean of ${countText(tasks.length, "task")})`];
  });
  return told.length === 0 ? [] : [`PST's frontier ${told.join("; it ")}.`];
}

/** PST against the anchors alone, and at which budgets they differ. */
function anchorSentences(rows: readonly StitchRow[]): string[] {
  const { difference, tasks } = comparedAreas(rows, "pst", "anchors");
  if (difference === null) return [];
  const asRun = comparedAsRun(rows, "pst", "anchors").difference;
  const byCost = [...groupBy(rows.filter(({ method }) => method === "anchors"), ({ front }) => front)].sort(([, [one]], [, [other]]) => one!.flops - other!.flops);
  const within = byCost.map(([front]) => anchorLabel(front)).flatMap((anchor) => {
    const best = comparedAreas(rows, "pst", "anchors", ({ within: budgets }) => budgets[anchor] ?? null).difference;
    return best === null ? [] : [`${toldText(best)} within the cost of ${anchor}`];
  });
  const stitches = new Set(rows.filter(({ method }) => method === "pst").map(({ stitchId }) => stitchId)).size;
  return [
    `PST's frontier ${relation(difference)} that of the anchors adapted one by one, a run each: ${numberText(difference)} (mean of ${countText(tasks.length, "task")}); the best that a budget buys differs by ${listText(within)}.`,
    `A maximum over ${stitches} stitches, taken on the test images that score it, favours PST there over ${byCost.length} anchors${asRun === null ? "" : `; as run, PST's stitches chosen by importance and the anchors by validation, the difference is ${toldText(asRun)}`}.`,
  ];
}

/** Importance without bins of FLOPs. */
function topKSentence(rows: readonly StitchRow[]): string[] {
  const { difference, tasks } = comparedAreas(rows, "pst", "pst", ({ areaByTopK }) => areaByTopK, ({ areaBySelection }) => areaBySelection);
  if (difference === null) return [];
  return [`Deploying as many stitches of the highest importance of all, in place of the best of each bin of FLOPs, changes the area of what PST deploys by ${toldText(difference)} on the mean of ${countText(tasks.length, "task")}.`];
}

/** Trained parameters of PST and another method, each the mean of the tasks that both were run on. */
function trainedOfBoth(rows: readonly StitchRow[], method: string): { readonly pst: number; readonly other: number } | null {
  const byTask = [...groupBy(wholeRows(rows), ({ task }) => task).values()];
  const both = byTask.flatMap((ofTask) => {
    const [pst, other] = ["pst", method].map((name) => trainedParams(ofTask.filter((row) => row.method === name)));
    return pst == null || other == null ? [] : [{ pst, other }];
  });
  return both.length === 0 ? null : { pst: average(both.map(({ pst }) => pst)), other: average(both.map(({ other }) => other)) };
}

function relation(difference: MeanSpread): string {
  return { above: "lies above", below: "lies below", undecided: difference.count === 1 ? "cannot with one seed be told apart from" : "is not told apart from" }[standing(difference)];
}

function toldText(difference: MeanSpread): string {
  return `${oursText({ ours: difference })} (${standing(difference)})`;
}

function millions(count: number): string {
  return String(Number((count / 1e6).toPrecision(3)));
}
