/**
 * @file What learning rates are worth: accuracy by method, rate, task and seed, and which rate validation chooses.
 */
import type { StitchRow } from "./record.js";
import { average, groupBy, meanSpread, type MeanSpread } from "./seed-means.js";
import type { Table } from "./table.js";
import { areasBySeed } from "./tables.js";

/** Takes a method's name apart: `sn-net-0.0003` is method `sn-net` at rate 0.0003; nothing where it has no rate. */
export function rateOf(name: string): { readonly method: string; readonly rate: number } | undefined {
  const [, method, rate] = /^(.+)-([0-9.e-]+)$/.exec(name) ?? [];
  return method === undefined ? undefined : { method, rate: Number(rate) };
}

/** One method, rate, task and seed: means over the stitches, 0–1. */
export interface RateCell {
  /** As in the rows, with its rate. */
  readonly name: string;
  readonly method: string;
  readonly rate: number;
  readonly task: string;
  readonly seed: number;
  readonly top1: number;
  /** On validation images; null where none were evaluated. */
  readonly valTop1: number | null;
}

/** Every cell that the rows fill, rates ascending. */
export function rateCells(rows: readonly StitchRow[]): RateCell[] {
  const cells = [...groupBy(rows, ({ method, task, seed }) => `${method}\n${task}\n${seed}`).values()].flatMap((ofRun): RateCell[] => {
    const { method: name, task, seed } = ofRun[0]!;
    const parts = rateOf(name);
    const validation = ofRun.flatMap(({ valTop1 }) => valTop1 ?? []);
    return parts === undefined ? [] : [{ name, ...parts, task, seed, top1: average(ofRun.map(({ top1 }) => top1)), valTop1: validation.length === 0 ? null : average(validation) }];
  });
  return cells.sort((a, b) => a.rate - b.rate);
}

/** Mean over the tasks, seed by seed, and over the seeds that have every task; null where none has. @param value - of a cell; a seed that lacks one is left out. */
export function overSeeds(cells: readonly RateCell[], tasks: number, value: (cell: RateCell) => number | null): MeanSpread | null {
  return meanSpread([...groupBy(cells, ({ seed }) => seed).values()].flatMap((ofSeed) => {
    const values = ofSeed.flatMap((cell) => value(cell) ?? []);
    return values.length === tasks ? [average(values)] : [];
  }));
}

/** Name of a method at the rate with the highest mean accuracy on validation images, among rates that have the most runs; nothing where none was evaluated there. */
export function bestRate(rows: readonly StitchRow[], method: string): string | undefined {
  const byName = [...groupBy(rateCells(rows).filter((cell) => cell.method === method && cell.valTop1 !== null), ({ name }) => name)];
  const most = Math.max(0, ...byName.map(([, cells]) => cells.length));
  const means = byName.filter(([, cells]) => cells.length === most).map(([name, cells]) => ({ name, mean: average(cells.map(({ valTop1 }) => valTop1!)) }));
  return means.reduce<(typeof means)[number] | undefined>((best, one) => (best === undefined || one.mean > best.mean ? one : best), undefined)?.name;
}

/** The table `rates`. */
export function rateTable(rows: readonly StitchRow[], note: string): Table {
  const cells = rateCells(rows);
  const tasks = [...new Set(cells.map(({ task }) => task))];
  const areas = areasBySeed(rows);
  const best = new Set([...new Set(cells.map(({ method }) => method))].map((method) => bestRate(rows, method)));
  return {
    id: "rates", title: "Learning rates", note,
    legend: "Mean top-1 of all stitches on test images, task by task; on validation images, the mean of the tasks, which chooses the rate; area under the frontier, the mean of the tasks. A choice at the end of the rates that were tried may not be the best there is.",
    columns: [
      { key: "method", label: "Method", format: "text", labels: { pst: "PST", "sn-net": "SN-Net" } }, { key: "rate", label: "Rate", format: "number" }, { key: "chosen", label: "Chosen", format: "text" },
      { key: "validation", label: "Validation (%)", format: "percent" }, ...tasks.map((task) => ({ key: task, label: `${task} (%)`, format: "percent" as const })), { key: "area", label: "Area (%)", format: "percent" },
    ],
    rows: [...groupBy([...cells].sort((a, b) => a.method.localeCompare(b.method)), ({ name }) => name)].map(([name, ofName]) => ({
      method: ofName[0]!.method, rate: ofName[0]!.rate, chosen: best.has(name) ? "yes" : "", validation: overSeeds(ofName, tasks.length, ({ valTop1 }) => valTop1),
      ...Object.fromEntries(tasks.map((task) => [task, overSeeds(ofName.filter((cell) => cell.task === task), 1, ({ top1 }) => top1)])),
      area: meanSpread([...areas(name).values()]),
    })),
  };
}
