/**
 * @file What each method's runs took: seconds and memory, from the records beside the rows.
 *
 * These differ from run to run, so they stand in a table of their own and in nothing that is compared byte for byte.
 */
import type { RunRecord } from "./run-record.js";
import { groupBy, meanSpread } from "./seed-means.js";
import type { Table } from "./table.js";

/** The table `costs`, or nothing where no record is left (a fresh clone holds rows without records). @param records - of finished runs. */
export function costsTable(records: readonly RunRecord[], note: string, labels: Readonly<Record<string, string>> = {}): Table | undefined {
  if (records.length === 0) return undefined;
  const byMethod = [...groupBy(records, ({ settings }) => String(settings["method"] ?? ""))].sort(([one], [other]) => one.localeCompare(other, "en", { numeric: true }));
  const [first] = records;
  return {
    id: "costs", title: "What the runs took", note,
    legend: `Mean over the runs of a method (tasks and seeds), start to end with evaluation; one machine (${first!.machine.cpu}, ${first!.machine.cores} cores), which may have done other work too: it lengthens seconds, not processor seconds (of all threads together).`,
    columns: [
      { key: "method", label: "Method", format: "text", labels },
      { key: "runs", label: "Runs", format: "count" },
      { key: "seconds", label: "Seconds", format: "number" },
      { key: "processor_seconds", label: "Processor seconds", format: "number" },
      { key: "peak_mebibytes", label: "Peak memory (MiB)", format: "number" },
    ],
    rows: byMethod.map(([method, ofMethod]) => ({
      method, runs: ofMethod.length,
      seconds: meanSpread(ofMethod.flatMap(({ seconds }) => (seconds === null ? [] : [seconds]))),
      processor_seconds: meanSpread(ofMethod.flatMap(({ processorSeconds }) => processorSeconds ?? [])),
      peak_mebibytes: meanSpread(ofMethod.flatMap(({ peakBytes }) => (peakBytes === null ? [] : [peakBytes / 2 ** 20]))),
    })),
  };
}
