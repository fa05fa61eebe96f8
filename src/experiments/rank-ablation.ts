/**
 * @file How rank, scale of the family and group of tasks trade accuracy for parameters and memory.
 *
 * Run:     ./reproduce.sh quick rank-ablation
 * Writes:  results/<profile>/rank-ablation/: rows.csv, the table of ranks, accuracy and trained parameters against rank
 * Expects: little gain beyond the paper's rank 8; nothing published at this scale.
 * Differs: the second, narrower family is made of the same anchors: Ti and S against S and B.
 */
import { join } from "node:path";
import { families, pairId, type FamilyEntry } from "../anchors/registry.js";
import { judge, pairedDifference, type ClaimResult } from "../reporting/claims.js";
import { costsTable } from "../reporting/costs-table.js";
import { rankFigure } from "../reporting/figures/rank-figure.js";
import { rankCells, rankTable, scaleOf } from "../reporting/rank-table.js";
import type { StitchRow } from "../reporting/record.js";
import { tablePaths, writeTable } from "../reporting/table.js";
import type { ReportContext } from "./experiment.js";
import { ablationQuick, vtabLaptop, vtabPaper, type VtabSettings } from "./vtab-settings.js";
import { defineVtabStudy, onComparableRows, type Variant } from "./vtab-study.js";

const RANKS = [1, 2, 4, 8, 16, 32, 64] as const;

/** `ti-s-rank-8` and so on; a rank that exceeds the smaller anchor's width is no update of low rank and is left out. */
function variants({ family }: Pick<VtabSettings, "family">): Record<string, Variant> {
  const entry = families.find(({ familyId }) => familyId === family);
  if (entry === undefined) return {};
  return Object.fromEntries(pairsOf(entry).flatMap((pair) => RANKS.filter((rank) => rank < pair[0]!.config.width).map((rank) => {
    const labels = pair.map(({ label }) => label);
    return [`${labels.join("-").toLowerCase()}-rank-${rank}`, { adapts: "pst", changes: { family: pairId(family, labels), rank } }];
  })));
}

/** Neighbouring anchors. */
function pairsOf({ anchors }: FamilyEntry): FamilyEntry["anchors"][] {
  return anchors.slice(1).map((end, index) => [anchors[index]!, end]);
}

export const rankAblation = defineVtabStudy(onComparableRows({
  id: "rank-ablation",
  question: "How do rank, scale of the family and group of tasks trade accuracy for parameters and memory?",
  claim: "none published at this scale; the paper uses rank 8",
  settings: {
    quick: { ...ablationQuick, steps: 60, batchSize: 16, methods: ["ti-s-rank-1", "ti-s-rank-16", "s-b-rank-1", "s-b-rank-16"] },
    laptop: { ...vtabLaptop, methods: Object.keys(variants({ family: "mini" })) },
    paper: { ...vtabPaper, methods: Object.keys(variants({ family: "vit" })) },
  },
  seeds: { quick: [0], laptop: [0, 1, 2], paper: [0, 1, 2, 3, 4] },
  variants,
  figures: { ranks: rankFigure },
  report: reportRanks,
  reportFiles: tablePaths("ranks"),
  claims: rankClaims,
}));

async function reportRanks(rows: readonly StitchRow[], { folder, note, records }: ReportContext): Promise<void> {
  const tables = [rankTable(rows, note), costsTable(records, note)];
  for (const table of tables) if (table !== undefined) writeTable(join(folder, "tables"), table);
}

/** The highest rank of each scale against the lowest, mean accuracy of all stitches, seed by seed. */
export function rankClaims(rows: readonly StitchRow[]): ClaimResult[] {
  const cells = rankCells(rows);
  return [...new Set(rows.map(({ method }) => scaleOf(method).scale))].flatMap((scale) => {
    const ofScale = cells.filter((cell) => cell.scale === scale);
    const [low, high] = [Math.min(...ofScale.map(({ rank }) => rank)), Math.max(...ofScale.map(({ rank }) => rank))];
    if (low === high) return [];
    const bySeed = (rank: number): Map<number, number> => new Map(ofScale.filter((cell) => cell.rank === rank && cell.group === "all").map(({ seed, top1 }) => [seed, top1]));
    const difference = pairedDifference(bySeed(high), bySeed(low));
    return [{ claim: `A higher rank is more accurate (${scale})`, source: "our question" as const, measure: `mean top-1 of all stitches, rank ${high} − rank ${low}`, ours: difference, ...judge(difference) }];
  });
}
