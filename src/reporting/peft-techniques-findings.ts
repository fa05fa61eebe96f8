/**
 * @file What the rows of tuning techniques show: which serves a stitch space best, what each trains, keeps and takes, and under which conditions.
 */
import { listText, oursText } from "./claim-text.js";
import { pairedDifference } from "./claims.js";
import { comparedText, standingText } from "./comparison-text.js";
import type { StitchRow } from "./record.js";
import type { RunRecord } from "./run-record.js";
import { average, groupBy } from "./seed-means.js";
import { spaceTechniques, type SpaceTechnique, type TechniqueAbout } from "./space-technique-table.js";
import { trainedMebibytes } from "./trained-memory.js";

/** @param records - of finished runs. */
export function techniqueFindings(rows: readonly StitchRow[], records: readonly RunRecord[], about: Readonly<Record<string, TechniqueAbout>>): string[] {
  const found = spaceTechniques(rows);
  const lora = found.find(({ technique }) => technique === "lora");
  const others = found.filter((one) => one !== lora);
  if (lora === undefined || others.length === 0) return [];
  const labelOf = ({ technique }: Pick<SpaceTechnique, "technique">): string => about[technique]?.label ?? technique;
  const compared = others.flatMap((other) => {
    const difference = pairedDifference(lora.top1["all"]!, other.top1["all"]!);
    return difference === null ? [] : [{ stands: standingText(difference), difference, text: `${labelOf(other)} (${oursText({ ours: difference })})` }];
  }).sort((a, b) => a.difference.mean - b.difference.mean);
  const single = compared.some(({ difference }) => difference.spread === null) ? " (one seed)" : "";
  const standings = [...groupBy(compared, ({ stands }) => stands)].map(([stands, some]) => `${stands === "not told apart" ? "not told apart from" : stands === "level" ? "level with" : stands} ${listText(some.map(({ text }) => text))}`);
  const full = others.find(({ technique }) => technique === "full");
  const alongFrontier = full === undefined ? null : pairedDifference(lora.area, full.area);
  const loose = found.filter(({ technique }) => about[technique]?.mergeable !== true);
  const folding = found.filter((one) => !loose.includes(one));
  return [
    ...(standings.length === 0 ? [] : [`Mean accuracy of all stitches, LoRA${single}: ${standings.join("; ")}.`]),
    ...(full === undefined || alongFrontier === null ? [] : [
      `Full fine-tuning trains ${(full.trainableParams / lora.trainableParams).toFixed(1)} times as many parameters, ${trainedMebibytes(full.trainableParams).toFixed(0)} MiB against ${trainedMebibytes(lora.trainableParams).toFixed(0)} with gradients and AdamW's averages; along the frontier LoRA is ${comparedText(alongFrontier)}.`,
    ]),
    ...(loose.length === 0 ? [] : [`${listText(folding.map(labelOf))} ${folding.length === 1 ? "folds" : "fold"} into the weights; ${listText(loose.map(labelOf))} ${loose.length === 1 ? "does" : "do"} not and cost${loose.length === 1 ? "s" : ""} more to run than the stitch's FLOPs say.`]),
    ...timeFindings(records.filter(({ settings, seed }) => rows.some((row) => row.task === settings["task"] && row.seed === seed)), labelOf),
    `Conditions that favour LoRA: ${full === undefined ? "all techniques" : "all but full fine-tuning"} have the learning rate that was chosen for PST${found.some(({ technique }) => technique.startsWith("vpt-")) ? "; prompts train 8·D weights a block (deep) or in all (shallow), where LoRA, adapters and prefixes train 32·D a block" : ""}.`,
  ];
}

/** Processor seconds of a run, of every technique. */
function timeFindings(records: readonly RunRecord[], labelOf: (one: { readonly technique: string }) => string): string[] {
  const timed = records.flatMap(({ settings, processorSeconds }) => (typeof processorSeconds === "number" ? [{ technique: String(settings["method"]), processorSeconds }] : []));
  const means = [...groupBy(timed, ({ technique }) => technique)].map(([technique, some]) => ({ technique, seconds: average(some.map(({ processorSeconds }) => processorSeconds)) })).sort((a, b) => a.seconds - b.seconds);
  return means.length < 2 ? [] : [`Processor seconds of a run, training and evaluation: ${listText(means.map((one) => `${labelOf(one)} ${one.seconds.toFixed(0)}`))}.`];
}
