/**
 * @file Training steps and decoding of pairs of decoders beside PyTorch's, in alternation on the same threads.
 *
 * Run: npm run bench:language -- python=PYTHON [shapes=mini-llama,smollm2] [only=decode|train] [storage=float32,bfloat16] [rounds=3] [steps=6] [count=48] [threads=all] [compile=1]
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { decodeTokens } from "../anchors/decode.js";
import type { LlamaConfig } from "../anchors/llama-shape.js";
import { llamaModules } from "../anchors/llama-shape.js";
import { parameterShapes, type HostTensor } from "../anchors/parameters.js";
import { writeSafetensors } from "../anchors/safetensors.js";
import { median } from "../cli/median.js";
import { peakMemoryBytes } from "../experiments/peak-memory.js";
import { packageRoot } from "../experiments/package-root.js";
import { processorSeconds } from "../experiments/processor-seconds.js";
import { createRng } from "../rng.js";
import { stitchFamily } from "../stitching/family.js";
import { stitchLogits } from "../stitching/forward.js";
import type { TokenBatch } from "../stitching/token-loss.js";
import { adamWStep, createAdamWState, useBackend } from "../tensor/index.js";
import { narrowToBfloat16 } from "../tensor/float16.js";
import { disposeGradients, importanceScore, stitchGradients } from "../training/gradients.js";
import { languagePairOf } from "../training/language-pairs.js";
import { defaultPst } from "../tuning/method.js";
import { createTunedModel, stitchView, type TunedModel } from "../tuning/tuned-model.js";
import { alternate, run, words } from "./bench-alternate.js";

/** What both engines do. */
interface Plan {
  readonly shape: string;
  readonly threads: number;
  readonly batch: number;
  readonly length: number;
  readonly configs: readonly LlamaConfig[];
  readonly routes: readonly unknown[];
  readonly partition: readonly (readonly string[])[];
  readonly frozen: Readonly<Record<string, readonly number[]>>;
  readonly trainable: Readonly<Record<string, readonly number[]>>;
  /** Stitch of every step; the first two, both anchors, are not counted. */
  readonly stitches: readonly number[];
  readonly tokens: readonly (readonly number[])[];
  /** Stitch that decodes, its prompt and how many tokens it writes. */
  readonly decoded: number;
  readonly prompt: readonly number[];
  readonly count: number;
  readonly values: string;
}

type Storage = "float32" | "bfloat16";

/** What a program prints: seconds by the clock and of the processor, of each step or token. */
interface Timed {
  readonly seconds: readonly number[];
  readonly cpu: readonly number[];
  readonly peakBytes: number;
}

/** Measures what happens between start and stop, turn by turn. */
class Watch {
  readonly #seconds: number[] = [];
  readonly #cpu: number[] = [];
  #began = 0;
  #spent = process.cpuUsage();

  start(): void {
    this.#began = performance.now();
    this.#spent = process.cpuUsage();
  }

  stop(): void {
    this.#cpu.push(processorSeconds(this.#spent));
    this.#seconds.push((performance.now() - this.#began) / 1000);
  }

  get timed(): Timed {
    return { seconds: this.#seconds, cpu: this.#cpu, peakBytes: peakMemoryBytes() };
  }
}

/** Steps, or tokens, that are not counted. */
const UNTIMED = { train: 2, decode: 1 };
const given = (key: string, otherwise: string): string => words.get(key) ?? otherwise;
const threads = Number(given("threads", String(availableParallelism())));

/** Shapes by name; `check` is small and has everything: grouped queries and unlike depths. */
function configsOf(shape: string): { configs: LlamaConfig[]; batch: number; length: number; decoded: number } {
  if (shape === "check") {
    const [small, large] = languagePairOf("smollm2").anchors.map(({ config }) => ({ ...config, vocabulary: 97, context: 64 }));
    return { configs: [{ ...small!, width: 36, depth: 2, hidden: 80 }, { ...large!, width: 60, depth: 3, hidden: 130 }], batch: 3, length: 20, decoded: 3 };
  }
  const configs = languagePairOf(shape).anchors.map(({ config }) => ({ ...config, context: Math.min(config.context, 1024) }));
  return shape === "mini-llama" ? { configs, batch: 8, length: 128, decoded: 1 } : { configs, batch: 2, length: 128, decoded: 0 };
}

/** The family with random weights; frozen matrices in bfloat16 where asked. */
function modelOf(shape: string, storage: Storage): TunedModel<LlamaConfig> {
  const { configs } = configsOf(shape);
  const family = stitchFamily(configs);
  const stream = createRng(1).stream("weights");
  const pool = Float32Array.from({ length: 1 << 16 }, () => stream.normal());
  const values: Record<string, HostTensor> = {};
  // Drawn when they are read, so that memory holds them once.
  const add = (name: string, dims: readonly number[]): void => {
    const deviation = 1 / Math.sqrt(dims.at(-1)!);
    const count = dims.reduce((product, side) => product * side, 1);
    const draw = (): Float32Array => Float32Array.from({ length: count }, (_, index) => (dims.length > 1 ? deviation * pool[(index * 7 + count) % pool.length]! : name.endsWith("weight") ? 1 : 0));
    values[name] =
      storage === "bfloat16" && dims.length === 2 && name.startsWith("anchors")
        ? { shape: dims, data: new Float32Array(0), get halves() { return new Int16Array(narrowToBfloat16(draw()).buffer); } }
        : { shape: dims, get data() { return draw(); } };
  };
  configs.forEach((config, anchor) => parameterShapes(llamaModules(config)).forEach((dims, name) => add(`anchors.${anchor}.${name}`, dims)));
  for (const { stitchingLayerId, front, end } of family.space.stitchingLayers) {
    add(`stitching_layers.${stitchingLayerId}.weight`, [configs[end]!.width, configs[front]!.width]);
    add(`stitching_layers.${stitchingLayerId}.bias`, [configs[end]!.width]);
  }
  return createTunedModel(family, values, defaultPst, createRng(2));
}

function planOf(folder: string, shape: string, steps: number, count: number): Plan {
  const { configs, batch, length, decoded } = configsOf(shape);
  const model = modelOf(shape, "float32");
  const stream = createRng(3).stream("plan");
  const shapes = (tree: Readonly<Record<string, { readonly shape: number[] }>>) => Object.fromEntries(Object.entries(tree).map(([name, tensor]) => [name, tensor.shape]));
  const vocabulary = configs[0]!.vocabulary;
  const ids = (size: number): number[] => Array.from({ length: size }, () => stream.integer(vocabulary));
  const values = join(folder, `${shape}.safetensors`);
  if (shape === "check") {
    const tensors = { ...model.frozen, ...model.trainable };
    writeSafetensors(values, Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, { shape: tensor.shape, data: tensor.dataSync() as Float32Array }])));
  }
  return {
    shape, threads, batch, length, configs, routes: model.family.routes, partition: model.partition.map((trainables) => trainables.map(({ name }) => name)), frozen: shapes(model.frozen), trainable: shapes(model.trainable),
    stitches: [0, 1, ...Array.from({ length: steps }, () => stream.integer(model.family.routes.length))], tokens: Array.from({ length: UNTIMED.train + steps }, () => ids(batch * length)), decoded, prompt: ids(16), count, values,
  };
}

/** One training step after another. */
function trained(model: TunedModel<LlamaConfig>, { stitches, tokens, batch, length }: Plan): { losses: number[]; timed: Timed } {
  const state = createAdamWState();
  const [losses, watch] = [[] as number[], new Watch()];
  stitches.forEach((stitchId, step) => {
    watch.start();
    const rows: TokenBatch = { sequences: batch, length, tokens: Int32Array.from(tokens[step]!), mask: new Uint8Array(batch * length).fill(1) };
    const result = stitchGradients(model, stitchId, rows);
    importanceScore("trainable", model, stitchId, rows, result, () => 0);
    adamWStep(model.trainable, result.gradients, state, { learningRate: 1e-4, weightDecay: 1e-4 });
    disposeGradients(result);
    losses.push(result.loss);
    watch.stop();
  });
  return { losses, timed: watch.timed };
}

/** One token after another. */
function decodedBy({ family, ...model }: TunedModel<LlamaConfig>, { decoded, prompt, count }: Plan): { written: number[]; timed: Timed } {
  const view = stitchView(model, decoded);
  const [written, watch] = [[] as number[], new Watch()];
  watch.start();
  for (const token of decodeTokens((ids, memory) => stitchLogits(family.configs, family.routes[decoded]!, view, ids, memory), prompt, { maximum: count, context: prompt.length + count })) {
    watch.stop();
    written.push(token);
    watch.start();
  }
  return { written, timed: watch.timed };
}

/** The same losses and the same tokens in both, or an error. */
function check(folder: string, python: string): void {
  const plan = planOf(folder, "check", 4, 12);
  const path = writtenPlan(folder, plan);
  const theirs = JSON.parse(peer(python, path, "check")) as { losses: number[]; written: number[] };
  const model = modelOf("check", "float32");
  const { losses } = trained(model, plan);
  const gap = Math.max(...losses.map((loss, step) => Math.abs(loss - theirs.losses[step]!)));
  const { written } = decodedBy(model, plan);
  console.log(`check: ${losses.length} training steps, largest difference of losses ${gap.toExponential(1)}; ${written.length} tokens, ${written.join() === theirs.written.join() ? "the same" : "others"}`);
  if (!(gap < 1e-4) || written.join() !== theirs.written.join()) throw new Error(`bench-language: PyTorch's losses are ${theirs.losses.join(" ")} and its tokens ${theirs.written.join(" ")}, expected the kit's: ${losses.join(" ")} and ${written.join(" ")}.`);
}

function writtenPlan(folder: string, plan: Plan): string {
  const path = join(folder, `${plan.shape}.json`);
  writeFileSync(path, JSON.stringify(plan));
  return path;
}

function peer(python: string, plan: string, ...what: string[]): string {
  return run(python, [join(packageRoot, "bench/peer-language.py"), plan, ...what]);
}

/** Prints every program's median and best over all rounds, and the kit's ratios to PyTorch: above 1 where the kit is faster, below 1 where it takes less memory. */
function measure(path: string, { shape }: Plan, python: string): void {
  const storages = given("storage", "float32,bfloat16").split(",") as Storage[];
  for (const what of given("only", "decode,train").split(",") as ("decode" | "train")[]) {
    const counted = (printed: string): Timed => {
      const { seconds, cpu, peakBytes } = JSON.parse(printed) as Timed;
      return { seconds: seconds.slice(UNTIMED[what]), cpu: cpu.slice(UNTIMED[what]), peakBytes };
    };
    const programs: Record<string, () => Timed> = {};
    for (const storage of storages) {
      programs[`kit ${storage}`] = () => counted(run(process.execPath, [join(packageRoot, "dist/testing/bench-language.js"), `kit=${what}`, `storage=${storage}`, `plan=${path}`, `threads=${threads}`]));
      if (storage === "float32" || what === "decode") programs[`torch ${storage}`] = () => counted(peer(python, path, what, storage));
    }
    if (what === "train" && words.get("compile") === "1") programs["torch-compile float32"] = () => counted(peer(python, path, what, "float32", "--compile"));
    const found = Object.entries(alternate(programs, Number(given("rounds", "3")))).map(([name, rounds]) => [name, summaryOf(rounds)] as const);
    for (const [name, { typical, best, cpu, peakBytes }] of found) {
      console.log(`${shape} ${what}, ${threads} threads, ${name}: ${(1000 * typical).toPrecision(4)} ms on the median, ${(1000 * best).toPrecision(4)} at best, ${(1000 * cpu).toPrecision(4)} of processor time; peak memory ${Math.round(peakBytes / 1e6)} MB`);
    }
    for (const [name, own] of found.filter(([name]) => name.startsWith("kit"))) {
      for (const [other, theirs] of found.filter(([other]) => other.startsWith("torch"))) {
        console.log(`${shape} ${what}, ${threads} threads, ${name} against ${other}: median ×${(theirs.typical / own.typical).toFixed(2)}, best ×${(theirs.best / own.best).toFixed(2)}, processor time ×${(theirs.cpu / own.cpu).toFixed(2)}, peak memory ×${(own.peakBytes / theirs.peakBytes).toFixed(2)}`);
      }
    }
  }
}

/** Medians over everything that was counted, and the best. */
function summaryOf(rounds: readonly Timed[]): { typical: number; best: number; cpu: number; peakBytes: number } {
  const seconds = rounds.flatMap((timed) => timed.seconds);
  return { typical: median(seconds), best: Math.min(...seconds), cpu: median(rounds.flatMap(({ cpu }) => cpu)), peakBytes: median(rounds.map(({ peakBytes }) => peakBytes)) };
}

await useBackend("native", { threads });
if (words.has("kit")) {
  const plan = JSON.parse(readFileSync(given("plan", ""), "utf8")) as Plan;
  const model = modelOf(plan.shape, given("storage", "float32") as Storage);
  console.log(JSON.stringify((given("kit", "") === "decode" ? decodedBy(model, plan) : trained(model, plan)).timed));
} else {
  const folder = mkdtempSync(join(tmpdir(), "bench-language-"));
  try {
    const python = given("python", "python3");
    check(folder, python);
    for (const shape of given("shapes", "mini-llama,smollm2").split(",").filter((shape) => shape !== "")) {
      const plan = planOf(folder, shape, Number(given("steps", "6")), Number(given("count", "48")));
      measure(writtenPlan(folder, plan), plan, python);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
