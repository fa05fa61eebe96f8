/**
 * @file Reads decoders from the files of llama2.c: seven int32 sizes, then float32 tensors kind by kind, little-endian.
 */
import { readFileSync } from "node:fs";
import { throwProblems, UsageError } from "../checks.js";
import { keyValueWidth, llamaConfigProblems, llamaModules, type LlamaConfig } from "./llama-shape.js";
import { parameterShapes, type HostTensor } from "./parameters.js";

/** A decoder's sizes and weights by Hugging Face's names. */
export interface LoadedDecoder {
  readonly config: LlamaConfig;
  readonly parameters: Readonly<Record<string, HostTensor>>;
}

const HEADER_BYTES = 28;

/**
 * Reads a checkpoint of llama2.c's first version; rotary positions are interleaved, theta 10000, epsilon 1e-5.
 *
 * @throws {UsageError} when the file is missing, its header makes no decoder, or its length is not what the header needs.
 *
 * Source: llama2.c, `export.py` and `run.c`; a negative vocabulary size marks a head of its own.
 */
export function readLlama2c(path: string): LoadedDecoder {
  const where = `readLlama2c ${path}`;
  const bytes = readBytes(where, path);
  if (bytes.length < HEADER_BYTES) throw new UsageError(`${where}: the file has ${bytes.length} bytes, expected at least ${HEADER_BYTES} of header; it is truncated or of another format.`);
  const [width, hidden, depth, heads, keyValueHeads, vocabulary, context] = Array.from({ length: 7 }, (_, index) => bytes.readInt32LE(4 * index)) as [number, number, number, number, number, number, number];
  const config: LlamaConfig = {
    kind: "llama", width, depth, heads, keyValueHeads, hidden, vocabulary: Math.abs(vocabulary), tiedHead: vocabulary > 0, context,
    ropeTheta: 10000, rmsNormEpsilon: 1e-5, rotaryLayout: "interleaved",
  };
  throwProblems(llamaConfigProblems(where, config));
  const parts = partsOf(config);
  const expected = HEADER_BYTES + 4 * parts.reduce((sum, { layers, shape }) => sum + layers * shape.reduce((product, side) => product * side, 1), 0);
  if (bytes.length !== expected) throw new UsageError(`${where}: the file has ${bytes.length} bytes, expected ${expected} for the sizes in its header; it is truncated or of another version.`);

  const parameters: Record<string, HostTensor> = {};
  let at = HEADER_BYTES;
  for (const { name, layers, shape } of parts) {
    const size = shape.reduce((product, side) => product * side, 1);
    for (let layer = 0; layer < layers; layer++, at += 4 * size) {
      if (name === undefined) continue;
      parameters[name(layer)] = { shape, data: new Float32Array(bytes.buffer.slice(bytes.byteOffset + at, bytes.byteOffset + at + 4 * size)) };
    }
  }
  const names = [...parameterShapes(llamaModules(config)).keys()];
  return { config, parameters: Object.fromEntries(names.map((name) => [name, parameters[name]!])) };
}

interface Part {
  /** Name in the tree for each layer; none for tables that are computed here. */
  readonly name: ((layer: number) => string) | undefined;
  readonly layers: number;
  readonly shape: readonly number[];
}

/** The tensors in the order of the file: all layers of a kind lie together. */
function partsOf(config: LlamaConfig): Part[] {
  const { width, hidden, depth, vocabulary, context, heads, tiedHead } = config;
  const perLayer = (module: string, ...shape: number[]): Part => ({ name: (layer) => `model.layers.${layer}.${module}.weight`, layers: depth, shape });
  const once = (module: string, ...shape: number[]): Part => ({ name: () => `${module}.weight`, layers: 1, shape });
  const narrow = keyValueWidth(config);
  return [
    once("model.embed_tokens", vocabulary, width),
    perLayer("input_layernorm", width),
    perLayer("self_attn.q_proj", width, width),
    perLayer("self_attn.k_proj", narrow, width),
    perLayer("self_attn.v_proj", narrow, width),
    perLayer("self_attn.o_proj", width, width),
    perLayer("post_attention_layernorm", width),
    perLayer("mlp.gate_proj", hidden, width),
    perLayer("mlp.down_proj", width, hidden),
    perLayer("mlp.up_proj", hidden, width),
    once("model.norm", width),
    { name: undefined, layers: 2, shape: [context, width / heads / 2] }, // cosines and sines of the rotary positions
    ...(tiedHead ? [] : [once("lm_head", vocabulary, width)]),
  ];
}

function readBytes(where: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new UsageError(`${where}: cannot be read (${code}), expected a checkpoint of llama2.c. Check the path.`);
  }
}
