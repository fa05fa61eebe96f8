/**
 * @file Golden values of moving averages, sampling probabilities and selection.
 */
import { flopsBins } from "../../sampling/flops-bins.js";
import { createScoreAverage, importanceOf, recordScore } from "../../sampling/importance.js";
import { importanceProbabilities } from "../../sampling/sampler.js";
import { bestPerBin, topK, withAnchors } from "../../sampling/selection.js";
import { exactError, tensorError } from "./comparison.js";
import { caseJson, fileNames, type GoldenCase } from "./golden-case.js";
import { WorstError, type GoldenReport } from "./golden-report.js";
import type { JsonNode } from "./json-node.js";
import { tolerances } from "./tolerances.js";

/** Fields of a snapshot that are compared exactly; the others are doubles. */
const wholeFields = new Set(["visits", "best_per_bin", "selected", "top_k", "top_k_selected"]);

/** Replays the visits of every file and compares each snapshot field by field. */
export async function runSampling(golden: GoldenCase, report: GoldenReport): Promise<void> {
  for (const file of fileNames(golden)) {
    const prefix = `${golden.name} ${file}`;
    await report.attempt(prefix, () => {
      const worst = { bins: new WorstError(), doubles: new WorstError(), whole: new WorstError() };
      replay(caseJson(golden, file), worst);
      report.compare(`${prefix} bins`, worst.bins.error, 0, worst.bins.place);
      report.compare(`${prefix} averages and probabilities`, worst.doubles.error, tolerances.double, worst.doubles.place);
      report.compare(`${prefix} visits and selections`, worst.whole.error, 0, worst.whole.place);
    });
  }
}

function replay(content: JsonNode, worst: Readonly<Record<"bins" | "doubles" | "whole", WorstError>>): void {
  const flops = content.get("flops").numbers();
  const bins = flopsBins(flops, content.get("bins").count());
  const expectedBins = content.get("bin_members").items();
  worst.bins.add("sizes", exactError(bins.map(({ length }) => length), expectedBins.map((bin) => bin.items().length)));
  worst.bins.add("members", exactError(bins.flat(), expectedBins.flatMap((bin) => bin.counts())));

  const snapshots = content.get("snapshots").items();
  const ids = content.get("visited_stitch_ids").counts();
  const scores = content.get("visited_scores").numbers();
  const beta = content.get("beta").number();
  const average = createScoreAverage(flops.length);
  for (let done = 0; done <= ids.length; done++) {
    if (done > 0) recordScore(average, ids[done - 1]!, scores[done - 1]!, beta);
    for (const snapshot of snapshots.filter((one) => one.get("after").count() === done)) {
      const importance = importanceOf(average, beta);
      const best = bestPerBin(importance, bins);
      const top = topK(importance, bins.length);
      const anchors = content.get("anchors").counts();
      const values: Record<string, readonly number[]> = {
        raw_average: average.rawAverage,
        visits: average.visits,
        importance,
        probabilities: importanceProbabilities(importance, bins, { temperature: content.get("tau").number(), exploration: content.get("epsilon").number() }),
        best_per_bin: best,
        selected: withAnchors(best, anchors, flops),
        top_k: top,
        top_k_selected: withAnchors(top, anchors, flops),
      };
      for (const field of snapshot.keys().filter((key) => key !== "after")) {
        const value = values[field];
        if (value === undefined) throw snapshot.get(field).unlike(`one of the fields ${Object.keys(values).join(", ")}`);
        const expected = snapshot.get(field).numbers();
        const place = `${field} after ${done} visits`;
        if (wholeFields.has(field)) worst.whole.add(place, exactError(value, expected));
        else worst.doubles.add(place, tensorError(value, expected));
      }
    }
  }
  const late = snapshots.find((snapshot) => snapshot.get("after").count() > ids.length);
  if (late !== undefined) throw late.get("after").unlike(`at most ${ids.length}, the number of visits`);
}
