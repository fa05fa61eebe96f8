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
import { methodAndAnchor } from "../reporting/common-runs.js";
import { rankFigure } from "../reporting/figures/rank-figure.js";
import { rankFindings } from "../reporting/rank-ablation-findings.js";
import { rankTable, ranksBySeed, scaleOf } from "../reporting/rank-table.js";
import type { StitchRow } from "../reporting/record.js";
import { tablePaths, writeTable } from "../reporting/table.js";
import { defaultPst } from "../tuning/method.js";
import type { ReportContext } from "./experiment.js";
import { onCommonRuns } from "./on-common-runs.js";
import { ablationQuick, vtabLaptop, vtabPaper, type VtabSettings } from "./vtab-settings.js";
import { defineVtabStudy, type Variant } from "./vtab-study.js";

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

/** The variants of any family in words: "Ti–S, rank 8". */
const labels = Object.fromEntries(families.flatMap(({ familyId }) => Object.keys(variants({ family: familyId }))).map((method) => {
  const { scale, rank } = scaleOf(method);
  return [method, `${scale}, rank ${rank}`];
}));

export const rankAblation = defineVtabStudy({
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
  methodLabels: labels,
  ...onCommonRuns(methodAndAnchor, {
    figures: { ranks: rankFigure },
    report: reportRanks,
    claims: rankClaims,
    found: (rows) => rankFindings(rows, defaultPst.rank),
  }),
  reportFiles: tablePaths("ranks"),
});

async function reportRanks(rows: readonly StitchRow[], { folder, note }: ReportContext): Promise<void> {
  writeTable(join(folder, "tables"), rankTable(rows, note));
}

/** The highest rank of each scale against the lowest and against the paper's, mean accuracy of all stitches, seed by seed. */
export function rankClaims(rows: readonly StitchRow[]): ClaimResult[] {
  return ranksBySeed(rows).flatMap(({ scale, ranks }) => {
    const high = Math.max(...ranks.keys());
    const against = (rank: number, claim: string): ClaimResult[] => {
      const difference = rank < high && ranks.has(rank) ? pairedDifference(ranks.get(high)!, ranks.get(rank)!) : null;
      return difference === null ? [] : [{ claim: `${claim} (${scale})`, source: "our question", measure: `mean top-1 of all stitches, rank ${high} − rank ${rank}`, ours: difference, ...judge(difference) }];
    };
    return [...against(Math.min(...ranks.keys()), "A higher rank is more accurate"), ...against(defaultPst.rank, "Ranks beyond the paper's still add accuracy")];
  });
}
