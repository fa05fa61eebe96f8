/**
 * @file What each method takes: time from the records of its runs; a training step and memory as `esta costs` measured them.
 *
 * These differ from run to run, so they stand in a table of their own and in nothing that is compared byte for byte.
 */
import { countText } from "./claim-text.js";
import { methodStyles } from "./figures/style.js";
import type { RunRecord } from "./run-record.js";
import { groupBy, meanSpread } from "./seed-means.js";
import type { StepCosts } from "./step-costs.js";
import type { Table } from "./table.js";

/**
 * The table `costs`; nothing where the runs compare no methods or no record is left (a fresh clone holds quick rows without records).
 *
 * @param records - of finished runs.
 * @param measured - of every method alone, where that was measured.
 * @param labels - methods' labels by name, where they differ from the kit's.
 */
export function costsTable(records: readonly RunRecord[], measured: StepCosts | undefined, note: string, labels: Readonly<Record<string, string>> = {}): Table | undefined {
  const ofMethods = [...groupBy(records.filter(({ settings }) => typeof settings["method"] === "string"), ({ settings }) => settings["method"] as string)];
  if (ofMethods.length === 0) return undefined;
  const shared = records.some(({ sharedWith }) => sharedWith !== undefined);
  const { cpu, cores } = records[0]!.machine;
  const alone = new Map(measured?.methods.map((one) => [one.method, one]));
  return {
    id: "costs", title: "What the runs took", note,
    legend: [
      `Seconds and processor seconds (of all threads together): mean over a method's runs, tasks and seeds, start to end with evaluation, on one machine (${cpu}, ${cores} cores) that may have done other work too: it lengthens seconds, not processor seconds.`,
      ...(shared ? ["Runs that compute what runs of another experiment do are counted with what those took."] : []),
      ...(measured === undefined ? [] : [`Training step and peak memory: each method in a process of its own, one after another (\`${measured.command}\`; ${measured.steps} steps on ${measured.task}, ${measured.engine.backend} engine, ${countText(measured.engine.threads, "thread")}); a method in stages trains as many steps in each, and its step is theirs together; memory is the process's, runtime and data included.`]),
    ].join(" "),
    columns: [
      { key: "method", label: "Method", format: "text", labels: Object.fromEntries(methodStyles(ofMethods.map(([method]) => method), labels).map(({ id, label }) => [id, label])) },
      { key: "runs", label: "Runs", format: "count" },
      { key: "seconds", label: "Seconds", format: "number" },
      { key: "processor_seconds", label: "Processor seconds", format: "number" },
      ...(measured === undefined ? [] : [{ key: "step_milliseconds", label: "Training step (ms)", format: "number" as const }, { key: "peak_mebibytes", label: "Peak memory (MiB)", format: "number" as const }]),
    ],
    rows: ofMethods.sort(([one], [other]) => one.localeCompare(other, "en", { numeric: true })).map(([method, ofMethod]) => ({
      method, runs: ofMethod.length,
      seconds: meanSpread(ofMethod.flatMap(({ seconds }) => (seconds === null ? [] : [seconds]))),
      processor_seconds: meanSpread(ofMethod.flatMap(({ processorSeconds }) => processorSeconds ?? [])),
      ...(measured === undefined ? {} : { step_milliseconds: alone.get(method)?.milliseconds ?? null, peak_mebibytes: alone.has(method) ? alone.get(method)!.peakBytes / 2 ** 20 : null }),
    })),
  };
}
