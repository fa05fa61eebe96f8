/**
 * @file What the rows of single anchors show: what is lost or gained where only low-rank updates and biases move.
 */
import { listText, oursText, percentText } from "./claim-text.js";
import { pairedDifference } from "./claims.js";
import { comparedText } from "./comparison-text.js";
import type { StitchRow } from "./record.js";
import type { MeanSpread } from "./seed-means.js";
import { techniqueCells, techniqueMeans } from "./technique-table.js";

export function loraFindings(rows: readonly StitchRow[]): string[] {
  const between = (ours: string, other: string, some = rows): MeanSpread | null => pairedDifference(techniqueMeans(some, ours), techniqueMeans(some, other));
  const against = (head: string, ours: string, other: string, rest: (ours: string, other: string) => string = () => ""): string[] => {
    const difference = between(ours, other);
    return difference === null ? [] : [`${head}: ${comparedText(difference)}${rest(ours, other)}`];
  };
  const byGroup = (ours: string, other: string): string => {
    const groups = [...new Set(rows.map(({ group }) => group))];
    const told = groups.flatMap((group) => {
      const difference = between(ours, other, rows.filter((row) => row.group === group));
      return difference === null ? [] : [`${group} ${oursText({ ours: difference })}`];
    });
    return groups.length < 2 ? "" : `; by group of tasks ${listText(told)}`;
  };
  const cells = techniqueCells(rows);
  const trained = (ours: string, other: string): string => `, with ${listText(cells.filter(({ technique }) => technique === ours).flatMap(({ anchor, trainableParams }) => {
    const whole = cells.find((cell) => cell.technique === other && cell.anchor === anchor);
    return whole === undefined ? [] : [`${percentText(trainableParams / whole.trainableParams)} (${anchor})`];
  }))} of its trained parameters`;
  const sentences = [
    against("LoRA of rank 8 with biases against full fine-tuning", "lora-8-bias", "full", (ours, other) => `${trained(ours, other)}${byGroup(ours, other)}`),
    [...against("LoRA of rank 32 against rank 8", "lora-32", "lora-8"), ...against("LoRA of rank 8 against rank 1", "lora-8", "lora-1"), ...against("LoRA of rank 8 with biases against without", "lora-8-bias", "lora-8")],
    against("LoRA of rank 8 against biases alone", "lora-8", "bias"),
    against("Full fine-tuning against the head alone", "full", "head", byGroup),
  ].filter((parts) => parts.length > 0).map((parts) => `${parts.join("; ")}.`);
  return sentences.length === 0 ? [] : [...sentences, "All are means of tasks and anchors. Full fine-tuning has a learning rate of its own, all else shares one; neither was chosen for an anchor alone."];
}
