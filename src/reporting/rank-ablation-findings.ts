/**
 * @file What the rank ablation's rows show: what ranks are worth, beyond the paper's too, by scale and group of tasks, and what they cost.
 */
import { listText, oursText, percentText } from "./claim-text.js";
import { pairedDifference } from "./claims.js";
import { differenceText } from "./comparison-text.js";
import { rankCells, ranksBySeed } from "./rank-table.js";
import type { StitchRow } from "./record.js";
import { average } from "./seed-means.js";
import { trainedMebibytes } from "./trained-memory.js";

type Ranks = ReadonlyMap<number, ReadonlyMap<number, number>>;

const ends = (ranks: Ranks): readonly [low: number, high: number] => [Math.min(...ranks.keys()), Math.max(...ranks.keys())];
const gained = (ranks: Ranks, high: number, low: number) => pairedDifference(ranks.get(high) ?? new Map(), ranks.get(low) ?? new Map());
const mean = (bySeed: ReadonlyMap<number, number>): number => average([...bySeed.values()]);

/** @param usual - the paper's rank. */
export function rankFindings(rows: readonly StitchRow[], usual: number): string[] {
  const scales = ranksBySeed(rows).filter(({ ranks }) => ranks.size > 1);
  if (scales.length === 0) return [];
  const each = (textOf: (ranks: Ranks, scale: string) => string | null): string[] => scales.flatMap(({ scale, ranks }) => textOf(ranks, scale) ?? []);
  const sentence = (head: string, parts: readonly string[]): string[] => (parts.length === 0 ? [] : [`${head}: ${parts.join("; ")}.`]);
  return [
    ...sentence("Mean accuracy of all stitches from the lowest rank to the highest", each((ranks, scale) => {
      const [low, high] = ends(ranks);
      const gain = gained(ranks, high, low);
      return gain === null ? null : `${scale}, rank ${low} to ${high}, ${differenceText(gain)}`;
    })),
    ...sentence(`Of that, beyond the paper's rank ${usual}`, each((ranks, scale) => {
      const [, high] = ends(ranks);
      const gain = high > usual ? gained(ranks, high, usual) : null;
      return gain === null ? null : `${scale}, rank ${usual} to ${high}, ${differenceText(gain)}`;
    })),
    ...groupFindings(rows),
    ...sentence("Trained parameters, and MiB with gradients and AdamW's averages", each((ranks, scale) => {
      const trained = new Map(rankCells(rows).filter((cell) => cell.scale === scale).map(({ rank, trainableParams }) => [rank, trainableParams]));
      const [low, high] = ends(ranks);
      const told = (rank: number): string => `${thousands(trained.get(rank)!)} and ${trainedMebibytes(trained.get(rank)!).toFixed(1)} at rank ${rank}`;
      // What is trained grows by the same number with every rank: the rest is biases and heads.
      const lowRank = (high * (trained.get(high)! - trained.get(low)!)) / (high - low) / trained.get(high)!;
      return `${scale}, ${told(low)}, ${told(high)}, of which the low-rank updates are ${percentText(lowRank)}`;
    })),
    "Learning rate and scaling are the same at every rank, neither chosen anew: part of a gain may be that of larger steps.",
  ];
}

/** The best rank of each group of tasks, and what it gains on the lowest. */
function groupFindings(rows: readonly StitchRow[]): string[] {
  const groups = [...new Set(rows.map(({ group }) => group))];
  if (groups.length < 2) return [];
  const told = groups.flatMap((group) => {
    const best = ranksBySeed(rows, group).flatMap(({ scale, ranks }) => {
      if (ranks.size === 0) return [];
      const [low] = ends(ranks);
      const [rank] = [...ranks].reduce((one, other) => (mean(other[1]) > mean(one[1]) ? other : one));
      const gain = rank === low ? null : gained(ranks, rank, low);
      return gain === null ? [`rank ${rank} (${scale})`] : [`rank ${rank} (${scale}, ${oursText({ ours: gain })})`];
    });
    return best.length === 0 ? [] : [`${group} ${listText(best)}`];
  });
  return [`Best rank by group of tasks, and its gain on the lowest: ${told.join("; ")}.`];
}

function thousands(count: number): string {
  return `${Math.round(count / 1000)}k`;
}
