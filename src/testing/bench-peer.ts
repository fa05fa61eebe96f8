/**
 * @file The kit and PyTorch on the same steps in alternation: `bench/peer.py` writes the step as a good user of PyTorch does.
 *
 * Run: node dist/testing/bench-peer.js python=PYTHON [family=48,96,192 tokens=65 batch=32] [threads=2] [steps=12] [rounds=3] [compile=1] [backend=native] [device=cpu]
 * `device=cuda` puts the peer on a card, to be held against `backend=webgpu`.
 * First checks that both give the same losses; without `family`, measures three.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeSafetensors } from "../anchors/safetensors.js";
import { benchImages, benchModel, benchSplit, benchStitches, WARM_UP, type Measurement } from "../cli/bench.js";
import { median } from "../cli/median.js";
import { packageRoot } from "../experiments/package-root.js";
import { adamWStep, createAdamWState, tf, useBackend, type BackendChoice } from "../tensor/index.js";
import { batchOf, disposeBatch } from "../training/batches.js";
import { disposeGradients, stitchGradients } from "../training/gradients.js";
import { disposeModel, type TunedModel } from "../tuning/tuned-model.js";
import { alternate, run, words } from "./bench-alternate.js";

interface Case {
  readonly widths: readonly number[];
  readonly tokens: number;
  readonly batch: number;
}

const read = (key: string, fallback: number): number => Number(words.get(key) ?? fallback);
const python = words.get("python") ?? "python3";
const backend = words.get("backend") ?? "native";
const device = words.get("device") ?? "cpu";
const [threads, steps, rounds] = [read("threads", 2), read("steps", 12), read("rounds", 3)];
const engines = words.get("compile") === "1" ? ["torch", "torch-compile"] : ["torch"];
const cases: readonly Case[] = words.has("family")
  ? [{ widths: words.get("family")!.split(",").map(Number), tokens: read("tokens", 65), batch: read("batch", 32) }]
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
    device,
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

/** Trains five steps on the same weights and images in both; throws when a loss differs by more than 10⁻⁴. */
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
    const shown = (line: Measurement): Measurement => {
      console.log(JSON.stringify(line));
      return line;
    };
    const theirs = engines.map((engine) => [engine, () => shown(JSON.parse(peer(plan, bench, engine)) as Measurement)] as const);
    const lines = alternate({ [backend]: () => shown(kit(one, bench)), ...Object.fromEntries(theirs) }, rounds);
    for (const engine of engines) console.log(comparison(bench, one, engine, lines[backend]!, lines[engine]!));
  }
}

function kit({ widths, tokens, batch }: Case, only: string): Measurement {
  const options = { family: widths.join(","), tokens, batch, threads, steps, backend, only };
  const out = run(process.execPath, [join(packageRoot, "dist/cli.js"), "bench", "--json", "--details", ...Object.entries(options).flatMap(([key, value]) => [`--${key}`, String(value)])]);
  return out.split("\n").map((text) => JSON.parse(text) as Measurement).find(({ bench }) => bench === only)!;
}

function peer(plan: string, bench: string, engine = "torch"): string {
  return run(python, [join(packageRoot, "bench/peer.py"), plan, bench, ...(engine === "torch-compile" ? ["--compile"] : [])]);
}

function comparison(bench: string, { widths }: Case, engine: string, ours: readonly Measurement[], theirs: readonly Measurement[]): string {
  const best = (lines: readonly Measurement[]): number => Math.max(...lines.map((line) => line.images_per_second_best!));
  const typical = (lines: readonly Measurement[]): number => median(lines.map((line) => line.images_per_second_median!));
  const memory = (lines: readonly Measurement[]): number => median(lines.map((line) => line.peak_rss_bytes));
  const cpu = (lines: readonly Measurement[]): number => 1 / median(lines.map((line) => line.cpu_ms_per_image!));
  const ratio = (of: (lines: readonly Measurement[]) => number): string => (of(ours) / of(theirs)).toFixed(2);
  return `${widths.join("/")} ${bench} against ${engine}: best ×${ratio(best)}, median ×${ratio(typical)} (${typical(ours).toFixed(1)} and ${typical(theirs).toFixed(1)} images/s), per processor time ×${ratio(cpu)}, peak memory ×${ratio(memory)}, fraction of the product rate ${median(ours.map((line) => line.fraction_of_matmul_rate)).toFixed(2)} and ${median(theirs.map((line) => line.fraction_of_matmul_rate)).toFixed(2)}`;
}
