/**
 * @file `esta plan --family`: what adapting a pair of decoders takes, and whether it fits in memory.
 */
import { llamaStitchParameters } from "../anchors/llama-shape.js";
import { checkLlamaFolder } from "../anchors/load-llama.js";
import { readSafetensorsSummary } from "../anchors/safetensors.js";
import { defaultPst } from "../tuning/method.js";
import { languagePairs, otherPair, pairConfigs, type PairFolders } from "../training/language-pairs.js";
import { pairMemory, type PairMemory } from "../training/pair-memory.js";
import { givenFolders, type PairOptions } from "./pair-options.js";
import type { Terminal } from "./terminal.js";
import { textTable } from "./text-table.js";

/** What `esta plan --family` is told. */
export interface PlanPairOptions extends PairOptions {
  readonly batchSize: number;
  readonly length: number;
  readonly rank: number;
}

/** Prints the plan. @param available - bytes of memory to be had. @throws {UsageError} when the folders do not hold such a pair. */
export function planPair(terminal: Pick<Terminal, "print">, familyId: string, options: PlanPairOptions, available = process.availableMemory()): void {
  const folders = givenFolders(familyId, options);
  const configs = pairConfigs(familyId, folders);
  const storedBytes = folders === undefined ? 2 : bytesPerWeight(folders);
  const memory = pairMemory(configs, { method: { ...defaultPst, rank: options.rank }, batchSize: options.batchSize, length: options.length }, storedBytes);
  const about = familyId === otherPair ? "two decoders" : languagePairs.find((pair) => pair.familyId === familyId)!.about;
  terminal.print(`${familyId}: ${about}; ${folders === undefined ? "published sizes, no folders given" : `every tensor of ${folders.small} and ${folders.large} is there`}`);
  terminal.print();
  for (const line of countLines(memory)) terminal.print(line);
  terminal.print();
  for (const line of memoryLines(memory, options, storedBytes)) terminal.print(line);
  terminal.print();
  terminal.print(verdict(memory, available));
}

function countLines({ family, parameters, trainable }: PairMemory): string[] {
  const { configs, space } = family;
  const joined = space.stitches.flatMap((stitch) => (stitch.kind === "stitch" ? [llamaStitchParameters(configs[0]!, configs[1]!, stitch)] : []));
  const rows = [
    ["parameters of the smaller decoder", count(parameters[0]!)],
    ["parameters of the larger decoder", count(parameters[1]!)],
    ["stitches between them", count(joined.length)],
    ["their stitching layers", count(space.stitchingLayers.length)],
    ...(joined.length === 0 ? [] : [["parameters that stitches run", `${count(Math.min(...joined))} to ${count(Math.max(...joined))}`]]),
    ["trained by PST, all stitches together", `${count(trainable)} (${((100 * trainable) / (parameters[0]! + parameters[1]!)).toFixed(2)} % of both decoders)`],
  ];
  return textTable(["what", "number"], rows, [1]);
}

function memoryLines({ bytes, evaluated }: PairMemory, { batchSize, length, rank }: PlanPairOptions, storedBytes: number): string[] {
  const rows = [
    [`frozen weights, ${storedBytes === 2 ? "16 bits" : `${(8 * storedBytes).toFixed(1)} bits on the mean`}`, gigabytes(bytes.frozen)],
    ["stitching layers, float32", gigabytes(bytes.stitchingLayers)],
    [`trained tensors of rank ${rank}, their gradients and AdamW's moments`, gigabytes(bytes.trained)],
    [`activations of a step of ${batchSize} × ${length} tokens, largest stitch`, gigabytes(bytes.activations)],
    [`evaluation, ${evaluated} × ${length} tokens at once, largest stitch`, gigabytes(bytes.evaluation)],
    ["least squares at the start, freed before training", gigabytes(bytes.initialisation)],
    ["most at once, the program with it", gigabytes(bytes.most)],
  ];
  return textTable(["memory", "GB"], rows, [1]);
}

function verdict({ bytes }: PairMemory, available: number): string {
  const needed = `${gigabytes(bytes.most)} GB needed, ${gigabytes(available)} GB free`;
  if (bytes.most <= available) return `Fits: ${needed}.`;
  if (bytes.most - bytes.frozen <= available) return `Fits only with weights read from disk again at every step, which is slow: ${needed}, ${gigabytes(bytes.frozen)} of them frozen weights mapped from their files.`;
  return `Does not fit: ${needed}. A smaller batch or shorter sequences save activations; else a smaller pair or more memory.`;
}

/** Mean bytes of a weight as the files store it. */
function bytesPerWeight({ small, large }: PairFolders): number {
  let [bytes, numbers] = [0, 0];
  for (const folder of [small, large]) {
    const { files } = checkLlamaFolder(folder);
    for (const path of new Set(files.values())) {
      for (const { name, begin, end, shape } of readSafetensorsSummary(path).entries) {
        if (files.get(name) !== path) continue;
        bytes += end - begin;
        numbers += shape.reduce((product, side) => product * side, 1);
      }
    }
  }
  return bytes / numbers;
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(2);
}
