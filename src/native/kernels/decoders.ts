/**
 * @file The operations of decoders on the native backend, with their gradients.
 */
import type * as tf from "@tensorflow/tfjs-core";
import { NONE, product, registerGradient, registerNativeKernel, run, runMany } from "../kernel.js";
import type { Weight } from "../addon.js";
import type { NativeBackend } from "../native-backend.js";
import { rowsOf } from "./layout.js";

type Inputs<Name extends string> = Record<Name, tf.TensorInfo>;

/** Registers kernels and gradients of the decoders' operations. */
export function registerDecoders(): void {
  registerRmsNorm();
  registerRotary();
  registerSiluGate();
  registerCausalAttention();
  registerTokenLoss();
  registerTableRows();
  registerDecoderToken();
}

function registerRmsNorm(): void {
  registerNativeKernel("EstaRmsNorm", ({ inputs, attributes, backend }) => {
    const { x, gain } = inputs as Inputs<"x" | "gain">;
    const { rows, width } = rowsOf(x);
    const { info, values } = backend.output(x.shape);
    backend.addon.rmsNorm(backend.values(x), backend.values(gain), attributes["epsilon"] as number, values, rows, width);
    return info;
  });
  registerNativeKernel("EstaRmsNormGradient", ({ inputs, attributes, backend }) => {
    const { x, gain, dy } = inputs as Inputs<"x" | "gain" | "dy">;
    const { rows, width } = rowsOf(x);
    const [dx, dgain] = [backend.output(x.shape), backend.output(gain.shape)];
    backend.addon.rmsNormBackward(backend.values(x), backend.values(gain), backend.values(dy), attributes["epsilon"] as number, dx.values, dgain.values, rows, width);
    return [dx.info, dgain.info];
  });
  registerGradient("EstaRmsNorm", ["x", "gain"], (dy, [x, gain], attributes) => {
    const [dx, dgain] = runMany("EstaRmsNormGradient", { x: x!, gain: gain!, dy }, attributes) as [tf.Tensor, tf.Tensor];
    return { x: () => dx, gain: () => dgain };
  });
}

function registerRotary(): void {
  registerNativeKernel("EstaRotary", ({ inputs, attributes, backend }) => {
    const x = inputs["x"]!;
    const { heads, interleaved, theta, start, direction } = attributes as { heads: number; interleaved: boolean; theta: number; start: number; direction: number };
    const [batch, tokens, width] = x.shape as [number, number, number];
    const { info, values } = backend.output(x.shape);
    backend.addon.rotary(backend.values(x), values, batch, tokens, heads, width / heads, interleaved, theta, start, direction);
    return info;
  });
  registerGradient("EstaRotary", [], (dy, _, attributes) => {
    const { direction } = attributes as { direction: number };
    return { x: () => run("EstaRotary", { x: dy }, { ...attributes, direction: -direction }) }; // turning back is the transpose
  });
}

function registerSiluGate(): void {
  registerNativeKernel("EstaSiluGate", ({ inputs, backend }) => {
    const { gate, up } = inputs as Inputs<"gate" | "up">;
    const { info, values } = backend.output(gate.shape);
    backend.addon.siluGate(backend.values(gate), backend.values(up), values);
    return info;
  });
  registerNativeKernel("EstaSiluGateGradient", ({ inputs, backend }) => {
    const { gate, up, dy } = inputs as Inputs<"gate" | "up" | "dy">;
    const [dgate, dup] = [backend.output(gate.shape), backend.output(gate.shape)];
    backend.addon.siluGateBackward(backend.values(gate), backend.values(up), backend.values(dy), dgate.values, dup.values);
    return [dgate.info, dup.info];
  });
  registerGradient("EstaSiluGate", ["gate", "up"], (dy, [gate, up]) => {
    const [dgate, dup] = runMany("EstaSiluGateGradient", { gate: gate!, up: up!, dy }) as [tf.Tensor, tf.Tensor];
    return { gate: () => dgate, up: () => dup };
  });
}

interface Attending {
  readonly heads: number;
  readonly keyValueHeads: number;
}

function registerCausalAttention(): void {
  const sizes = ({ queries, keys }: Inputs<"queries" | "keys">, { heads, keyValueHeads }: Attending): [number, number, number, number, number, number] => {
    const [batch, tokens, width] = queries.shape as [number, number, number];
    return [batch, tokens, keys.shape[1]!, heads, keyValueHeads, width / heads];
  };
  registerNativeKernel("EstaCausalAttention", ({ inputs, attributes, backend }) => {
    const { queries, keys, values } = inputs as Inputs<"queries" | "keys" | "values">;
    const out = backend.output(queries.shape);
    backend.addon.causalAttention(backend.values(queries), backend.values(keys), backend.values(values), out.values, ...sizes({ queries, keys }, attributes as unknown as Attending));
    return out.info;
  });
  registerNativeKernel("EstaCausalAttentionGradient", ({ inputs, attributes, backend }) => {
    const { queries, keys, values, dy } = inputs as Inputs<"queries" | "keys" | "values" | "dy">;
    const [dqueries, dkeys, dvalues] = [backend.output(queries.shape), backend.output(keys.shape), backend.output(keys.shape)];
    const arrays = [queries, keys, values, dy].map((info) => backend.values(info)) as [Float32Array, Float32Array, Float32Array, Float32Array];
    backend.addon.causalAttentionBackward(...arrays, dqueries.values, dkeys.values, dvalues.values, ...sizes({ queries, keys }, attributes as unknown as Attending));
    return [dqueries.info, dkeys.info, dvalues.info];
  });
  registerGradient("EstaCausalAttention", ["queries", "keys", "values"], (dy, [queries, keys, values], attributes) => {
    const inputs = { queries: queries!, keys: keys!, values: values!, dy };
    const [dqueries, dkeys, dvalues] = runMany("EstaCausalAttentionGradient", inputs, attributes) as [tf.Tensor, tf.Tensor, tf.Tensor];
    return { queries: () => dqueries, keys: () => dkeys, values: () => dvalues };
  });
}

function registerTokenLoss(): void {
  registerNativeKernel("EstaTokenLoss", ({ inputs, attributes, backend }) => {
    const { logits, labels } = inputs as Inputs<"logits" | "labels">;
    const [loss, slopes] = [backend.output([]), backend.output(logits.shape)];
    backend.addon.tokenLoss(backend.values(logits), backend.wholeNumbers(labels), attributes["scale"] as number, loss.values, slopes.values, logits.shape[1]!);
    return [loss.info, slopes.info];
  });
}

/** Rows of a table: tfjs's gather along the first axis, and the sum that is its gradient. */
function registerTableRows(): void {
  registerNativeKernel("GatherV2", ({ inputs, attributes, backend }) => {
    const { x, indices } = inputs as Inputs<"x" | "indices">;
    const [count, ...rest] = x.shape;
    if (x.dtype !== "float32" || indices.dtype !== "int32" || count === undefined || ((attributes["axis"] ?? 0) as number) !== 0 || ((attributes["batchDims"] ?? 0) as number) !== 0) return undefined;
    const { info, values } = backend.output([...indices.shape, ...rest]);
    backend.addon.gatherRows(backend.weight(x), backend.wholeNumbers(indices), values, count, product(rest));
    return info;
  });
  registerNativeKernel("EstaScatterRows", ({ inputs, attributes, backend }) => {
    const { rows, indices } = inputs as Inputs<"rows" | "indices">;
    const count = attributes["count"] as number;
    const width = product(rows.shape) / product(indices.shape);
    const { info, values } = backend.output([count, width]);
    backend.addon.scatterRows(backend.values(rows), backend.wholeNumbers(indices), values, count, width);
    return info;
  });
}

/** Names of a layer's tensors, in the order of the library's arguments. */
const tokenWeights = ["inputNorm", "query", "key", "value", "output", "postNorm", "gate", "up", "down"] as const;
const tokenBiases = ["queryBias", "keyBias", "valueBias", "outputBias", "gateBias", "upBias", "downBias"] as const;
const tokenFactors = ["queryA", "queryB", "valueA", "valueB"] as const;

interface TokenAttributes extends Attending {
  readonly position: number;
  readonly interleaved: boolean;
  readonly theta: number;
  readonly epsilon: number;
  readonly scaling: number;
}

/** Writes the token's keys and values into the memory, which is an input. */
function registerDecoderToken(): void {
  registerNativeKernel("EstaDecoderToken", ({ inputs, attributes, backend }) => {
    const { x, keys, values, gate } = inputs as Inputs<"x" | "keys" | "values" | "gate">;
    const { position, heads, keyValueHeads, interleaved, theta, epsilon, scaling } = attributes as unknown as TokenAttributes;
    const out = backend.output(x.shape);
    backend.addon.decoderToken(
      backend.values(x), weightsOf(backend, inputs, tokenWeights), floatsOf(backend, inputs, tokenBiases), floatsOf(backend, inputs, tokenFactors), scaling,
      backend.values(keys), backend.values(values), out.values, position, heads, keyValueHeads, gate.shape[0]!, interleaved, theta, epsilon,
    );
    return out.info;
  });
}

function weightsOf(backend: NativeBackend, inputs: Readonly<Record<string, tf.TensorInfo>>, names: readonly string[]): Weight[] {
  return names.map((name) => backend.weight(inputs[name]!));
}

function floatsOf(backend: NativeBackend, inputs: Readonly<Record<string, tf.TensorInfo>>, names: readonly string[]): Float32Array[] {
  return names.map((name) => (inputs[name] === undefined ? NONE : backend.values(inputs[name])));
}
