/**
 * @file What the rows of one stage and of three show: accuracy of what each deploys, budget by budget, and what each computes and takes.
 */
import { listText, oursText, percentText } from "./claim-text.js";
import { comparedText, paperText } from "./comparison-text.js";
import { anchorLabel } from "./figures/style.js";
import type { StitchRow } from "./record.js";
import type { RunRecord } from "./run-record.js";
import { average } from "./seed-means.js";
import { areaDifferences } from "./tables.js";

/** @param share - what one stage computes in training, of what three do. @param records - of finished runs. */
export function stageFindings(rows: readonly StitchRow[], share: number | null, records: readonly RunRecord[]): string[] {
  const [one, longer, three] = ["one-stage", "one-stage-longer", "three-stages"] as const;
  const [ofDeployed, ofFrontier] = [areaDifferences(rows, ({ areaBySelection }) => areaBySelection), areaDifferences(rows)];
  const [deployed, frontier] = [ofDeployed(one, three), ofFrontier(one, three)];
  if (deployed === null || frontier === null || share === null) return [];
  const costs = new Map(rows.filter(({ kind }) => kind === "anchor").map(({ front, flops }) => [anchorLabel(front), flops]));
  const anchors = [...costs].sort(([, a], [, b]) => a - b).map(([name]) => name);
  const budgets = anchors.flatMap((name) => {
    const difference = areaDifferences(rows, ({ within }) => within[name] ?? null)(one, three);
    return difference === null ? [] : [`${oursText({ ours: difference })} within the cost of ${name}`];
  });
  const before = deployed.mean < 0 && frontier.mean < 0 && frontier.mean > deployed.mean ? `: ${percentText(frontier.mean / deployed.mean)} of the difference is there before anything is chosen` : "";
  const [longerDeployed, longerFrontier, gained] = [ofDeployed(longer, three), ofFrontier(longer, three), ofDeployed(longer, one)];
  const ofAllSteps = longerDeployed === null || longerFrontier === null || gained === null
    ? "One stage with as many steps as all of them was not run."
    : `With as many steps as all of them one stage computes ${percentText((anchors.length + 1) * share)} of what they do: against three stages what it deploys is ${comparedText(longerDeployed)}, and its frontier ${comparedText(longerFrontier)}; ` +
      `against one stage with its own steps what it deploys is ${comparedText(gained)}.`;
  return [
    `Against three stages, what one stage deploys is ${comparedText(deployed)}${paperText(deployed)}; its frontier, from which an oracle picks, is ${comparedText(frontier)}${paperText(frontier)}${before}.`,
    `One stage's best stitch less that of three: ${listText(budgets)}.`,
    `Three stages train ${anchors.length + 1} times as many steps as one: each anchor alone, then all stitches, as many each time as one stage has in all. ${ofAllSteps}`,
    `In training one stage computes ${percentText(share)} of what three do (multiply–accumulates; a step with frozen weights counts two passes, one of full fine-tuning three).`,
    ...timeFindings(records),
  ];
}

/** Processor seconds of the tasks and seeds that both ways have. */
function timeFindings(records: readonly RunRecord[]): string[] {
  const secondsOf = (method: string): Map<string, number> => new Map(records.flatMap(({ settings, seed, processorSeconds }) =>
    (settings["method"] === method && typeof processorSeconds === "number" ? [[`${String(settings["task"])}\n${seed}`, processorSeconds] as const] : [])));
  const [one, three] = [secondsOf("one-stage"), secondsOf("three-stages")];
  const both = [...one.keys()].filter((run) => three.has(run));
  if (both.length === 0) return [];
  const [ours, theirs] = [one, three].map((seconds) => average(both.map((run) => seconds.get(run)!))) as [number, number];
  return [`Measured, a run takes ${ours.toFixed(0)} s of processor time against ${theirs.toFixed(0)} s (${percentText(ours / theirs)}); both evaluate every stitch on validation and test images, which one stage needs for our comparison alone.`];
}
