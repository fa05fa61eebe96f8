/**
 * @file What the rows of learning rates show: which rate validation chooses for PST and SN-Net, and whether the comparison of both depends on it.
 */
import { listText, oursText } from "./claim-text.js";
import { pairedDifference } from "./claims.js";
import { comparedText, standingText } from "./comparison-text.js";
import { bestRate, rateOf } from "./rate-table.js";
import type { StitchRow } from "./record.js";
import { areasBySeed } from "./tables.js";

const labels = { pst: "PST", "sn-net": "SN-Net" } as const;

export function rateFindings(rows: readonly StitchRow[]): string[] {
  const areas = areasBySeed(rows);
  const rate = (name: string): number => rateOf(name)?.rate ?? 0;
  const triedBy = (method: keyof typeof labels) => ({
    label: labels[method], best: bestRate(rows, method), names: [...new Set(rows.map((row) => row.method))].filter((name) => rateOf(name)?.method === method).sort((a, b) => rate(a) - rate(b)),
  });
  const [pst, full] = [triedBy("pst"), triedBy("sn-net")];
  const difference = pst.best === undefined || full.best === undefined ? null : pairedDifference(areas(pst.best), areas(full.best));
  if (difference === null) return [];
  const pairs = pst.names.flatMap((name) => {
    const tenth = full.names.find((other) => Math.abs((10 * rate(other)) / rate(name) - 1) < 1e-6);
    const between = tenth === undefined ? null : pairedDifference(areas(name), areas(tenth));
    return between === null ? [] : [{ stands: standingText(between), text: `${oursText({ ours: between })} at ${rate(name)}` }];
  });
  const changes = (["above", "below"] as const).every((side) => pairs.some(({ stands }) => stands === side));
  const gains = [pst, full].flatMap(({ label, best, names }) => names.filter((name) => name !== best).flatMap((name) => {
    const gain = pairedDifference(areas(best!), areas(name));
    return gain === null ? [] : [`${label} ${oursText({ ours: gain })} on ${rate(name)}`];
  }));
  const atEnd = [pst, full].filter(({ best, names }) => names.length > 1 && best === names.at(-1)).map(({ label }) => label);
  return [
    `Validation chooses ${rate(pst.best!)} for PST and ${rate(full.best!)} for SN-Net; at these PST's frontier, against SN-Net's, is ${comparedText(difference)}.`,
    ...(pairs.length < 2 ? [] : [`With SN-Net at a tenth of PST's rate, PST − SN-Net is ${listText(pairs.map(({ text }) => text))}: ${changes ? "the order changes with the rate" : "the order never turns round"}${difference.spread === null ? " (one seed)" : ""}.`]),
    ...(gains.length === 0 ? [] : [`In area under the frontier the chosen rates gain ${listText(gains)}.`]),
    ...(atEnd.length === 0 ? [] : [`The highest rate that was tried is the choice for ${listText(atEnd)}: a higher one may be better still.`]),
  ];
}
