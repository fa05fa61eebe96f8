/**
 * @file The kit and PyTorch on the same steps in alternation: `bench/peer.py` writes the step as a good user of PyTorch does.
 *
 * Run: node dist/testing/bench-peer.js python=PYTHON [family=48,96,192 tokens=65 batch=32] [threads=2] [steps=12] [rounds=3] [compile=1] [backend=native]
 * First checks that both give the same losses; without `family`, measures three.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeSafetensors } from "../anchors/safetensors.js";
import { benchImages, benchModel, benchSplit, benchStitches, WARM_UP, type Measurement } from "../cli/bench.js";
import { packageRoot } from "../experiments/package-root.js";
import { adamWStep, createAdamWState, tf, useBackend, type BackendChoice } from "../tensor/index.js";
import { batchOf, disposeBatch } from "../training/batches.js";
import { disposeGradients, stitchGradients } from "../training/gradients.js";
import { disposeModel, type TunedModel } from "../tuning/tuned-model.js";

interface Case {
  readonly widths: readonly number[];
  readonly tokens: number;
  readonly batch: number;
}

const settings = new Map(process.argv.slice(2).map((word) => word.split("=", 2) as [string, string]));
const read = (key: string, fallback: number): number => Number(settings.get(key) ?? fallback);
const python = settings.get("python") ?? "python3";
const backend = settings.get("backend") ?? "native";
const [threads, steps, rounds] = [read("threads", 2), read("steps", 12), read("rounds", 3)];
const engines = settings.get("compile") === "1" ? ["torch", "torch-compile"] : ["torch"];
const cases: readonly Case[] = settings.has("family")
  ? [{ widths: settings.get("family")!.split(",").map(Number), tokens: read("tokens", 65), batch: read("batch", 32) }]
  : [
      { widths: [48, 96, 192], tokens: 65, batch: 32 },
      { widths: [96, 192, 384], tokens: 65, batch: 32 },
      { widths: [192, 384, 768], tokens: 197, batch: 8 },
    ];

const folder = mkdtempSync(join(tmpdir(), "bench-peer-"));
try {
  await useBackend(backend as BackendChoice, { threads });
  check();
  for (const one of cases) measure(one);
} finally {
  rmSync(folder, { recursive: true });
}

/** Writes down what the peer is to run. */
function writePlan({ family, trainable, frozen, partition }: TunedModel, { widths, tokens, batch }: Case, stitches: readonly number[]): string {
  const shapes = (tree: Readonly<Record<string, tf.Tensor>>): Record<string, number[]> => Object.fromEntries(Object.entries(tree).map(([name, { shape }]) => [name, shape]));
  const path = join(folder, "plan.json");
  const plan = {
    family: widths.join(","),
    tokens,
    batch,
    threads,
    stitches,
    warmUp: WARM_UP,
    imageSize: benchImages[tokens]!.imageSize,
    heads: family.configs.map(({ heads }) => heads),
    routes: family.routes,
    flops: family.costs.map(({ flops }) => flops),
    partition: partition.map((trainables) => trainables.map(({ name }) => name)),
    trainable: shapes(trainable),
    frozen: shapes(frozen),
    values: join(folder, "values.safetensors"),
  };
  writeFileSync(path, JSON.stringify(plan));
  return path;
}

/** Trains four steps on the same weights and images in both; throws when a loss differs by more than 10⁻⁴. */
function check(): void {
  const one: Case = { widths: [32, 48, 64], tokens: 17, batch: 16 };
  const model = benchModel(one);
  const stitches = [30, 2, 60, 30, 8];
  const plan = writePlan(model, one, stitches);
  const batch = batchOf(benchSplit(one, one.batch), Array.from({ length: one.batch }, (_, index) => index));
  const tensors = { ...model.frozen, ...model.trainable, images: batch.images, labels: batch.labels };
  writeSafetensors(
    join(folder, "values.safetensors"),
    Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, { shape: tensor.shape, data: tensor.dataSync() as Float32Array | Int32Array }])),
  );
  const state = createAdamWState();
  const ours = stitches.map((stitchId) => {
    const result = stitchGradients(model, stitchId, batch);
    adamWStep(model.trainable, result.gradients, state, { learningRate: 1e-4, weightDecay: 1e-4 });
    disposeGradients(result);
    return result.loss;
  });
  disposeBatch(batch);
  disposeModel(model);
  const theirs = JSON.parse(peer(plan, "check")) as number[];
  const gap = Math.max(...ours.map((loss, index) => Math.abs(loss - theirs[index]!)));
  console.log(`check: ${stitches.length} training steps, losses ${ours.map((loss) => loss.toFixed(5)).join(" ")}, largest difference ${gap.toExponential(1)}`);
  if (!(gap < 1e-4)) throw new Error(`bench-peer: PyTorch's losses are ${theirs.join(" ")}, expected those of the kit within 1e-4.`);
}

function measure(one: Case): void {
  const model = benchModel(one);
  const plan = writePlan(model, one, benchStitches({ steps }, model.family.routes.length));
  disposeModel(model);
  for (const bench of ["train-step", "inference"] as const) {
    const lines = new Map<string, Measurement[]>();
    for (let round = 0; round < rounds; round++) {
      for (const engine of [backend, ...engines]) {
        const found = engine === backend ? kit(one, bench) : (JSON.parse(peer(plan, bench, engine)) as Measurement);
        lines.set(engine, [...(lines.get(engine) ?? []), found]);
        console.log(JSON.stringify(found));
      }
    }
    for (const engine of engines) console.log(comparison(bench, one, engine, lines.get(backend)!, lines.get(engine)!));
  }
}

function kit({ widths, tokens, batch }: Case, only: string): Measurement {
  const words = { family: widths.join(","), tokens, batch, threads, steps, backend, only };
  const out = run(process.execPath, [join(packageRoot, "dist/cli.js"), "bench", "--json", ...Object.entries(words).flatMap(([key, value]) => [`--${key}`, String(value)])]);
  return out.trim().split("\n").map((text) => JSON.parse(text) as Measurement).find(({ bench }) => bench === only)!;
}

function peer(plan: string, bench: string, engine = "torch"): string {
  return run(python, [join(packageRoot, "bench/peer.py"), plan, bench, ...(engine === "torch-compile" ? ["--compile"] : [])]);
}

function run(command: string, words: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, words, { encoding: "utf8", maxBuffer: 2 ** 26 });
  if (status !== 0) throw new Error(`bench-peer: ${command} ${words[0]} failed, expected JSON lines: ${error?.message ?? stderr}`);
  return stdout;
}

function comparison(bench: string, { widths }: Case, engine: string, ours: readonly Measurement[], theirs: readonly Measurement[]): string {
  const best = (lines: readonly Measurement[]): number => Math.max(...lines.map((line) => line.images_per_second_best!));
  const median = (lines: readonly Measurement[]): number => middle(lines.map((line) => line.images_per_second_median!));
  const memory = (lines: readonly Measurement[]): number => middle(lines.map((line) => line.peak_rss_bytes));
  const cpu = (lines: readonly Measurement[]): number => 1 / middle(lines.map((line) => line.cpu_ms_per_image!));
  const ratio = (of: (lines: readonly Measurement[]) => number): string => (of(ours) / of(theirs)).toFixed(2);
  return `${widths.join("/")} ${bench} against ${engine}: best ×${ratio(best)}, median ×${ratio(median)} (${median(ours).toFixed(1)} and ${median(theirs).toFixed(1)} images/s), per processor time ×${ratio(cpu)}, peak memory ×${ratio(memory)}, fraction of the product rate ${middle(ours.map((line) => line.fraction_of_matmul_rate)).toFixed(2)} and ${middle(theirs.map((line) => line.fraction_of_matmul_rate)).toFixed(2)}`;
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
