/**
 * @file Milliseconds of every stitch of a family as measured on one machine: `results/latency/<family>.json`.
 *
 * They differ from machine to machine, so they stand beside the results and in nothing that is compared byte for byte.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../checks.js";
import { writeFileAtomic } from "./atomic-write.js";
import { countText } from "./claim-text.js";
import { parseJson } from "./parse-json.js";
import type { Machine } from "./run-record.js";

/** One stitch, named by its route. */
export interface StitchLatency {
  readonly front: string;
  readonly end: string;
  /** Last block of the front anchor and first of the end anchor, from 0; null for an anchor. */
  readonly frontBlock: number | null;
  readonly endBlock: number | null;
  readonly flops: number;
  /** Median over the repeats, of one image of the batch or of one token. */
  readonly milliseconds: number;
  /** Least and most over the repeats. */
  readonly least: number;
  readonly most: number;
}

/** What one measurement leaves. */
export interface LatencyRecord {
  readonly family: string;
  /** What the milliseconds are of: an image, or a token after the first. */
  readonly of: "image" | "token";
  /** Images run together. */
  readonly batch: number;
  readonly repeats: number;
  readonly engine: { readonly backend: string; readonly threads: number };
  readonly machine: Machine;
  readonly stitches: readonly StitchLatency[];
}

/** What the report's explorer gets: milliseconds by route, and where they were measured. */
export interface ReportedLatency {
  readonly about: string;
  readonly milliseconds: Readonly<Record<string, number>>;
}

/** Where the record of a family stands. */
export function latencyPath(results: string, family: string): string {
  return join(results, "latency", `${family}.json`);
}

/** Writes the record of a family; returns its path. */
export function writeLatency(results: string, record: LatencyRecord): string {
  const path = latencyPath(results, record.family);
  writeFileAtomic(path, `${JSON.stringify(record, null, 1)}\n`);
  return path;
}

/** Reads every family's record; null where nothing was measured. @throws {UsageError} for a file that is no such record. */
export function readLatency(results: string): ReportedLatency | null {
  const folder = join(results, "latency");
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".json")).sort() : [];
  if (names.length === 0) return null;
  const records = names.map((name) => parseLatency(join(folder, name)));
  return {
    about: `Latency: ${records.map(({ family, of, batch, repeats, engine, machine }) => `family ${family}, ${of === "token" ? "a token after the first" : `an image of a batch of ${batch}`}, median of ${repeats}, ${engine.backend} engine with ${countText(engine.threads, "thread")} on ${machine.cpu}`).join("; ")}.`,
    milliseconds: Object.fromEntries(records.flatMap(({ stitches }) => stitches.map(({ front, end, frontBlock, endBlock, milliseconds }) => [[front, end, ...(frontBlock === null || endBlock === null ? [] : [frontBlock, endBlock])].join(" "), milliseconds]))),
  };
}

function parseLatency(path: string): LatencyRecord {
  const advice = "Delete it and measure again: esta latency.";
  const record = parseJson(readFileSync(path, "utf8"), path, "measured latencies", advice) as Partial<LatencyRecord> | null;
  const isWhole = Array.isArray(record?.stitches) && record.stitches.every(({ milliseconds }) => typeof milliseconds === "number") && record.engine !== undefined && record.machine !== undefined;
  if (!isWhole) throw new UsageError(`${path}: stitches, engine or machine is missing, expected measured latencies. ${advice}`);
  return record as LatencyRecord;
}
