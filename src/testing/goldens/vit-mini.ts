/**
 * @file Golden values of a family of small random vision transformers: everything from enumeration to AdamW.
 */
import { disposeTree } from "../../anchors/parameters.js";
import { exactListError } from "./comparison.js";
import type { GoldenCase } from "./golden-case.js";
import type { GoldenReport } from "./golden-report.js";
import { stitchColumns } from "./stitch-columns.js";
import { compareAngles } from "./vit-mini-angles.js";
import { compareForward } from "./vit-mini-forward.js";
import { openMiniFamily, type Compare } from "./vit-mini-family.js";
import { compareLeastSquares } from "./vit-mini-least-squares.js";
import { compareScores } from "./vit-mini-scores.js";
import { compareSequence } from "./vit-mini-sequence.js";
import { compareTraining } from "./vit-mini-training.js";

/** Compares every quantity of the case. */
export async function runVitMini(golden: GoldenCase, report: GoldenReport): Promise<void> {
  const mini = openMiniFamily(golden);
  const compare: Compare = (quantity, error, tolerance, place) => report.compare(`${golden.name} ${quantity}`, error, tolerance, place);
  const attempt = (quantity: string, run: () => void): Promise<void> => report.attempt(`${golden.name} ${quantity}`, run);
  try {
    await attempt("stitches", () => {
      const rows = golden.manifest.get("stitches").items();
      const columns = Object.entries(stitchColumns(mini.family.space));
      const values = mini.family.space.stitches.flatMap((_, row) => columns.map(([, column]) => column[row]));
      compare("stitches", exactListError(values, rows.flatMap((row) => columns.map(([key]) => row.find(key)?.value))), 0);
    });
    await attempt("forward", () => compareForward(mini, compare));
    await attempt("least squares", () => compareLeastSquares(mini, compare));
    for (const entry of golden.manifest.find("training")?.items() ?? []) await attempt(entry.get("file").string(), () => compareTraining(mini, entry, compare));
    const sequence = golden.manifest.find("sequence");
    if (sequence !== undefined) await attempt("sequence", () => compareSequence(mini, sequence, compare));
    await attempt("scores", () => compareScores(mini, compare));
    await attempt("angles", () => compareAngles(mini, compare));
  } finally {
    disposeTree(mini.plain);
    mini.images.dispose();
    mini.labels.dispose();
  }
}
