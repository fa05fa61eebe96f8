/**
 * @file Reads decoders from folders of Hugging Face's layout: config.json, and safetensors whole or in shards.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { shown, throwProblems, UsageError } from "../checks.js";
import { llamaConfigProblems, llamaModules, type LlamaConfig } from "./llama-shape.js";
import type { LoadedDecoder } from "./llama2c.js";
import { parameterShapes, type HostTensor } from "./parameters.js";
import type { SafetensorsEntry } from "./safetensors-header.js";
import { readSafetensors, readSafetensorsSummary } from "./safetensors.js";
import { openStoredWeights } from "./stored-weights.js";

/** The files of a decoder with every name and shape checked; no weight has been read. */
export interface LlamaFiles {
  readonly config: LlamaConfig;
  /** File of every tensor that the decoder needs, by name. */
  readonly files: ReadonlyMap<string, string>;
}

const readTypes: readonly string[] = ["F32", "F16", "BF16"];

/** How weights lie in memory: widened to float32 (the default), or as they are stored, matrices of 16 bits in 16 bits. */
export type WeightStorage = "float32" | "as stored";

/**
 * Reads a decoder's weights, shard by shard.
 *
 * @param folder - holds config.json and model.safetensors, or model.safetensors.index.json and its shards.
 * @throws {UsageError} as {@link checkLlamaFolder}.
 */
export function loadLlama(folder: string, storage: WeightStorage = "float32"): LoadedDecoder {
  const { config, files } = checkLlamaFolder(folder);
  const parameters: Record<string, HostTensor> = {};
  for (const path of new Set(files.values())) {
    const wanted = (name: string): boolean => files.get(name) === path;
    if (storage === "as stored") for (const [name, weight] of openStoredWeights(path, wanted)) parameters[name] = weight;
    else for (const [name, { shape, data }] of readSafetensors(path, wanted).tensors) parameters[name] = { shape, data: data as Float32Array };
  }
  return { config, parameters };
}

/**
 * Checks a decoder's folder from its headers alone: sizes, shards, names, shapes and types.
 *
 * @throws {UsageError} when a file is missing or cut short, the architecture is not a plain LLaMA, or a tensor is missing or misshapen.
 */
export function checkLlamaFolder(folder: string): LlamaFiles {
  const config = readConfig(join(folder, "config.json"));
  const placed = placesOf(folder);
  const entries = new Map<string, SafetensorsEntry>();
  const files = new Map<string, string>();
  const problems: string[] = [];
  for (const path of new Set(placed.values())) {
    for (const entry of readSafetensorsSummary(path).entries) {
      const place = placed.get(entry.name);
      if (place === path) entries.set(entry.name, entry);
      else if (place !== undefined) problems.push(`loadLlama ${path}: ${entry.name} is in ${place} too, expected it once, where the index says. Copy the shards and their index from one place.`);
    }
  }
  for (const [name, shape] of parameterShapes(llamaModules(config))) {
    const path = placed.get(name);
    const entry = entries.get(name);
    if (path === undefined || entry === undefined) problems.push(`loadLlama ${path ?? folder}: ${name} is missing, expected shape [${shape.join(", ")}].`);
    else if (entry.shape.join() !== shape.join()) problems.push(`loadLlama ${path}: ${name} has shape [${entry.shape.join(", ")}], expected [${shape.join(", ")}] by config.json. Do weights and config belong together?`);
    else if (!readTypes.includes(entry.dtype)) problems.push(`loadLlama ${path}: ${name} has type ${entry.dtype}, expected ${readTypes.join(", ")}.`);
    else files.set(name, path);
  }
  throwProblems(problems.length > 5 ? [...problems.slice(0, 5), `loadLlama ${folder}: and ${problems.length - 5} more tensors like these.`] : problems);
  return { config, files };
}

/** The file of every tensor in the folder. */
function placesOf(folder: string): Map<string, string> {
  const index = join(folder, "model.safetensors.index.json");
  const whole = join(folder, "model.safetensors");
  if (!existsSync(index)) {
    if (!existsSync(whole)) throw new UsageError(`loadLlama ${folder}: holds neither model.safetensors nor model.safetensors.index.json, expected one of them. Name the folder of a Hugging Face checkpoint.`);
    return new Map(readSafetensorsSummary(whole).entries.map(({ name }) => [name, whole]));
  }
  const map = readObject(index)["weight_map"];
  if (typeof map !== "object" || map === null || Object.values(map).some((file) => typeof file !== "string" || /[\\/]/.test(file))) {
    throw new UsageError(`loadLlama ${index}: weight_map is ${shown(map)}, expected a file of this folder for each tensor. Copy the file again.`);
  }
  const places = new Map(Object.entries(map as Record<string, string>).map(([name, file]) => [name, join(folder, file)]));
  const missing = [...new Set(places.values())].filter((path) => !existsSync(path));
  if (missing.length > 0) throw new UsageError(`loadLlama ${index}: ${missing.length} of its shards are not there (${missing[0]} first), expected all of them. Copy them into the folder.`);
  return places;
}

function readConfig(path: string): LlamaConfig {
  const where = `loadLlama ${path}`;
  const fields = readObject(path);
  const number = (key: string, otherwise?: number): number => (fields[key] ?? otherwise ?? NaN) as number;
  const scaling = (fields["rope_parameters"] ?? fields["rope_scaling"] ?? {}) as Record<string, unknown>;
  const heads = number("num_attention_heads");
  const width = number("hidden_size");
  const config: LlamaConfig = {
    kind: "llama", width, depth: number("num_hidden_layers"), heads, keyValueHeads: number("num_key_value_heads", heads), hidden: number("intermediate_size"),
    vocabulary: number("vocab_size"), context: number("max_position_embeddings", 2048), tiedHead: fields["tie_word_embeddings"] === true,
    ropeTheta: number("rope_theta", (scaling["rope_theta"] as number | undefined) ?? 10000), rmsNormEpsilon: number("rms_norm_eps", 1e-6), rotaryLayout: "half-split",
  };
  const problems = llamaConfigProblems(where, config);
  const expectField = (key: string, expected: unknown, found: unknown = fields[key]): void => {
    if (found !== undefined && found !== null && found !== expected) problems.push(`${where}: ${key} is ${shown(found)}, expected ${shown(expected)}: only plain LLaMA decoders are known.`);
  };
  expectField("model_type", "llama");
  expectField("hidden_act", "silu");
  expectField("attention_bias", false);
  expectField("mlp_bias", false);
  expectField("head_dim", width / heads);
  expectField("rope type", "default", scaling["rope_type"] ?? scaling["type"]);
  throwProblems(problems);
  return config;
}

function readObject(path: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const reason = error instanceof SyntaxError ? "it is not JSON" : error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new UsageError(`loadLlama ${path}: cannot be read (${reason}), expected a JSON object. Name the folder of a Hugging Face checkpoint.`);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new UsageError(`loadLlama ${path}: holds ${shown(value)}, expected a JSON object. Name the folder of a Hugging Face checkpoint.`);
}
