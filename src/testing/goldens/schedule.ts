/**
 * @file Golden values of the learning-rate schedule and of the two averages over tasks.
 */
import { groupMeans } from "../../reporting/group-means.js";
import { learningRate, type Schedule } from "../../training/schedule.js";
import { larger, relativeError, tensorError } from "./comparison.js";
import { caseJson, fileNames, type GoldenCase } from "./golden-case.js";
import type { GoldenReport } from "./golden-report.js";
import type { JsonNode } from "./json-node.js";
import { tolerances } from "./tolerances.js";

/** Compares every list of learning rates and every table of means. */
export async function runSchedule(golden: GoldenCase, report: GoldenReport): Promise<void> {
  for (const file of fileNames(golden)) {
    await report.attempt(`${golden.name} ${file}`, () => {
      const content = caseJson(golden, file);
      const compare = (quantity: string, error: number): void => report.compare(`${golden.name} ${file} ${quantity}`, error, tolerances.double);
      if (content.find("rows") === undefined) compareRates(content, compare);
      else compareMeans(content, compare);
    });
  }
}

function compareRates(content: JsonNode, compare: (quantity: string, error: number) => void): void {
  const config = content.get("config");
  const schedule: Schedule = {
    length: config.get("epochs").count(),
    warmup: config.get("warmup").count(),
    base: config.get("base").number(),
    warmupStart: config.get("warmup_start").number(),
    minimum: config.get("minimum").number(),
  };
  const expected = content.get("lr_at_t").numbers();
  compare("lr_at_t", relativeError(expected.map((_, t) => learningRate(t, schedule)), expected));
  compare("lr_used_at_epoch_when_stepped_after_epoch", relativeError(steppedAfterUnit(schedule), content.get("lr_used_at_epoch_when_stepped_after_epoch").numbers()));
}

/** Rates of all units when the scheduler steps after each unit, as timm's training script does: units 0 and 1 both run at t = 0. */
function steppedAfterUnit(schedule: Schedule): number[] {
  return Array.from({ length: schedule.length }, (_, unit) => learningRate(Math.max(unit - 1, 0), schedule));
}

function compareMeans(content: JsonNode, compare: (quantity: string, error: number) => void): void {
  const sizes = content.get("groups");
  const groupOfTask = sizes.keys().flatMap((group) => new Array<string>(sizes.get(group).count()).fill(group));
  if (groupOfTask.length !== content.get("tasks").items().length) throw sizes.unlike("group sizes that add up to the number of tasks");
  const worst = { groups: 0, meanOfGroups: 0, meanOfTasks: 0 };
  for (const row of content.get("rows").items()) {
    const values = row.get("top1_percent").numbers();
    if (values.length !== groupOfTask.length) throw row.get("top1_percent").unlike(`${groupOfTask.length} numbers`);
    const means = groupMeans(values.map((value, task) => ({ group: groupOfTask[task]!, value })));
    const expected = row.get("group_means");
    worst.groups = larger(worst.groups, tensorError(expected.keys().map((group) => means.groups.get(group) ?? NaN), expected.keys().map((group) => expected.get(group).number())));
    worst.meanOfGroups = larger(worst.meanOfGroups, relativeError([means.meanOfGroups], [row.get("mean_of_groups").number()]));
    worst.meanOfTasks = larger(worst.meanOfTasks, relativeError([means.meanOfTasks], [row.get("mean_of_tasks").number()]));
  }
  compare("group_means", worst.groups);
  compare("mean_of_groups", worst.meanOfGroups);
  compare("mean_of_tasks", worst.meanOfTasks);
}
