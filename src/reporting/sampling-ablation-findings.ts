/**
 * @file What the sampling ablation's rows show: each sampler's frontier and what it deploys, how unevenly it draws, and what its settings are worth.
 */
import { listText, percentText } from "./claim-text.js";
import { judge } from "./claims.js";
import { comparedText, paperText } from "./comparison-text.js";
import type { Knob } from "./figures/sensitivity-figure.js";
import type { StitchRow } from "./record.js";
import { average, groupBy, type MeanSpread } from "./seed-means.js";
import { areaDifferences } from "./tables.js";

type Difference = ReturnType<typeof areaDifferences>;

/** @param samplers - those whose draws are told: names in words, by method. */
export function samplingFindings(rows: readonly StitchRow[], samplers: Readonly<Record<string, string>>, knobs: readonly Knob[]): string[] {
  const frontier = areaDifferences(rows);
  const deployed = areaDifferences(rows, ({ areaBySelection }) => areaBySelection);
  const picked = areaDifferences(rows, ({ areaByValidation }) => areaByValidation);
  const against = (head: string, ours: string, other: string, verdictOf: (difference: MeanSpread) => string = () => ""): string[] => {
    const told = ([["the frontier, from which an oracle picks,", frontier], ["what the score deploys", deployed], ["what validation accuracy would pick", picked]] as const).flatMap(([what, between]) => {
      const difference = between(ours, other);
      return difference === null ? [] : [`${what} is ${comparedText(difference)}${between === picked ? "" : verdictOf(difference)}`];
    });
    return told.length === 0 ? [] : [`${head}: ${told.join("; ")}.`];
  };
  return [
    ...against("Importance sampling against uniform", "importance", "uniform", paperText),
    ...against("Importance sampling against FLOPs-grouped", "importance", "flops-grouped"),
    ...against("Drawing and deploying by minus the training loss, against the paper's score", "loss", "importance"),
    ...drawFindings(rows, samplers),
    ...knobFindings([["the frontier", frontier], ["what is deployed", deployed]], knobs),
  ];
}

/** How unevenly each sampler draws, and how often anchors. */
function drawFindings(rows: readonly StitchRow[], samplers: Readonly<Record<string, string>>): string[] {
  const told = Object.entries(samplers).flatMap(([method, name]) => {
    const runs = [...groupBy(rows.filter((row) => row.method === method && row.visits !== null), ({ task, seed }) => `${task}\n${seed}`).values()];
    if (runs.length === 0) return [];
    // A run's draws on the share of its stitches that come first in an order.
    const share = (part: number, order: (a: StitchRow, b: StitchRow) => number): string => percentText(average(runs.map((run) => {
      const [all, some] = [run, [...run].sort(order).slice(0, Math.ceil(part * run.length))].map((of) => of.reduce((sum, { visits }) => sum + visits!, 0)) as [number, number];
      return some / all;
    })));
    const draws = (of: readonly StitchRow[]): string => average(of.map(({ visits }) => visits!)).toFixed(1);
    return [{ draws: draws(runs.flat()), text: `${name} ${share(0.1, (a, b) => b.visits! - a.visits!)}, ${share(0.5, (a, b) => b.flops - a.flops)} and ${draws(runs.flat().filter(({ kind }) => kind === "anchor"))}` }];
  });
  return told.length === 0 ? [] : [
    `Steps that go to the tenth of the stitches that is drawn most, steps that go to the dearer half, and draws of an anchor: ${told.map(({ text }) => text).join("; ")}.`,
    `A stitch is drawn ${told[0]!.draws} times in the mean, so that a score has little time to steer; longer training may judge otherwise.`,
  ];
}

/** What the settings of importance sampling are worth, against the default. */
function knobFindings(measures: readonly (readonly [what: string, between: Difference])[], knobs: readonly Knob[]): string[] {
  const told = measures.flatMap(([what, between]) => {
    const moves = knobs.flatMap(({ letter, methods }) => methods.filter(([, method]) => method !== "importance").flatMap(([value, method]) => {
      const difference = between(method, "importance");
      return difference === null ? [] : [{ setting: `${letter} ${value}`, difference }];
    }));
    if (moves.length === 0) return [];
    const most = moves.reduce((one, other) => (Math.abs(other.difference.mean) > Math.abs(one.difference.mean) ? other : one));
    const certain = moves.filter(({ difference }) => judge(difference).verdict !== "undecided").map(({ setting }) => setting);
    const sure = most.difference.spread === null ? "" : certain.length === 0 ? " (no setting's interval is off zero)" : ` (intervals off zero: ${listText(certain)})`;
    return [`${what} moves most with ${most.setting}, ${comparedText(most.difference)}${sure}`];
  });
  return told.length === 0 ? [] : [`Of the other settings of importance sampling, against the default: ${told.join("; ")}.`];
}
