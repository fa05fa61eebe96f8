/**
 * @file Made-up rows for the tests of tables and figures: the mini family's 71 stitches with plausible, invented accuracies.
 *
 * Only tests import this. No number here is a result.
 */
import type { InstructionRow } from "./instruction-rows.js";
import type { StitchRow, TaskGroup } from "./record.js";

const WIDTHS = [48, 96, 192] as const;
const NAMES = ["mini-ti", "mini-s", "mini-b"] as const;
const DEPTH = 12;
const TOKENS = 17;

const block = (width: number): number => 12 * TOKENS * width ** 2 + 2 * TOKENS ** 2 * width + 10 * TOKENS * width;

interface Route {
  readonly front: number;
  readonly end: number;
  readonly frontBlock: number | null;
  readonly endBlock: number | null;
}

/** The 71 routes of SN-Net's paired stitching: anchors, then the windows of each pair. */
function routes(): Route[] {
  const list: Route[] = WIDTHS.map((_, anchor) => ({ front: anchor, end: anchor, frontBlock: null, endBlock: null }));
  for (const [front, end] of [[0, 1], [1, 2]] as const) {
    const positions = [[0, 0], [0, 1], [1, 0], [1, 1]];
    for (let w = 1; w <= DEPTH - 2; w++) positions.push([w, w + 1], [w + 1, w], [w + 1, w + 1]);
    for (const [frontBlock, endBlock] of positions) list.push({ front, end, frontBlock: frontBlock!, endBlock: endBlock! });
  }
  return list;
}

function flopsOf({ front, end, frontBlock, endBlock }: Route, classes: number): number {
  const [a, b] = [WIDTHS[front]!, WIDTHS[end]!];
  const patch = 16 * 192 * a;
  const body = frontBlock === null || endBlock === null
    ? DEPTH * block(a)
    : (frontBlock + 1) * block(a) + TOKENS * a * b + (DEPTH - endBlock) * block(b);
  return patch + body + 5 * TOKENS * b + b * classes;
}

/** A repeatable number in [0, 1) from whole numbers. */
function noise(...keys: number[]): number {
  const x = Math.sin(keys.reduce((sum, key, index) => sum + (key + 1) * (12.9898 + 65.4321 * index), 0)) * 43_758.5453;
  return x - Math.floor(x);
}

interface SyntheticTask {
  readonly name: string;
  readonly group: TaskGroup;
  readonly classes: number;
  readonly low: number;
  readonly high: number;
}

const TASKS: readonly SyntheticTask[] = [
  { name: "digits", group: "natural", classes: 10, low: 0.88, high: 0.965 },
  { name: "emoji-artwork", group: "natural", classes: 24, low: 0.38, high: 0.61 },
  { name: "earth-imagery", group: "specialised", classes: 10, low: 0.55, high: 0.71 },
  { name: "dsprites-like-orientation", group: "structured", classes: 16, low: 0.17, high: 0.34 },
];

/** Which rows to make up. */
export interface SyntheticOptions {
  /** How many tasks; more than four repeat the four under other names. Default 4. */
  readonly tasks?: number;
  /** Default [0]. */
  readonly seeds?: readonly number[];
  readonly profile?: string;
}

/** Rows of three methods (`pst`, `sn-net`, `anchors`) on invented results; the same options give the same rows. */
export function syntheticRows({ tasks = 4, seeds = [0], profile = "quick" }: SyntheticOptions = {}): StitchRow[] {
  const rows: StitchRow[] = [];
  const all = routes();
  const largest = Math.log10(flopsOf(all[2]!, 10));
  const smallest = Math.log10(flopsOf(all[0]!, 10));
  for (let t = 0; t < tasks; t++) {
    const { name, group, classes, low, high } = TASKS[t % TASKS.length]!;
    const task = t < TASKS.length ? name : `${name}-${Math.floor(t / TASKS.length) + 1}`;
    for (const [m, method] of ["pst", "sn-net", "anchors"].entries()) {
      for (const seed of seeds) {
        const made = all.slice(0, method === "anchors" ? 3 : all.length).map((route, stitchId): StitchRow => {
          const flops = flopsOf(route, classes);
          const place = (Math.log10(flops) - smallest) / (largest - smallest);
          const isStitch = route.frontBlock !== null;
          const depthLost = isStitch ? Math.max(0, (route.endBlock ?? 0) - (route.frontBlock ?? 0)) : 0;
          const bend = isStitch ? 0.18 * Math.sin(Math.PI * (route.frontBlock ?? 0) / 11) * (m === 1 ? 1.6 : 0.7) : 0;
          const trend = low + (high - low) * Math.min(1.02, place * (1.35 - 0.35 * place)) - (high - low) * bend;
          const method_ = m === 1 ? -0.22 * (high - low) * (isStitch ? 1.3 : 0.6) : m === 2 ? 0.03 * (high - low) : 0;
          const jitter = (high - low) * 0.16 * (noise(t, m, stitchId, seed) - 0.5) + (high - low) * 0.05 * (noise(t, m, stitchId) - 0.5);
          const top1 = Math.round(1000 * Math.min(0.999, Math.max(1 / classes, trend + method_ + jitter - 0.01 * depthLost))) / 1000;
          return {
            task, group, method, seed, stitchId, kind: isStitch ? "stitch" : "anchor", front: NAMES[route.front]!, end: NAMES[route.end]!,
            frontBlock: route.frontBlock, endBlock: route.endBlock, flops, params: Math.round(flops / 14),
            trainableParams: m === 0 ? 812_000 : 7_400_000, top1, valTop1: method === "anchors" ? null : Math.round(200 * top1) / 200,
            importance: method === "pst" ? 1e-5 * (0.5 + top1 + 0.2 * noise(7, t, stitchId)) : null,
            visits: method === "anchors" ? null : Math.floor(3 + 12 * noise(3, m, stitchId, seed)), selected: 0, profile,
          };
        });
        rows.push(...made.map((row) => ({ ...row, selected: method === "pst" && isChosen(row, made) ? 1 as const : 0 as const })));
      }
    }
  }
  return rows;
}

/** Anchors, and the stitch of best importance in each eighth of the costs. */
function isChosen(row: StitchRow, all: readonly StitchRow[]): boolean {
  if (row.kind === "anchor") return true;
  const byCost = all.filter(({ kind }) => kind === "stitch").sort((a, b) => a.flops - b.flops);
  const bin = (one: StitchRow): number => Math.floor((8 * byCost.findIndex(({ stitchId }) => stitchId === one.stitchId)) / byCost.length);
  const rivals = byCost.filter((other) => bin(other) === bin(row));
  return rivals.every((other) => (other.importance ?? 0) <= (row.importance ?? 0));
}

/** Rows of instruction-following by PST on an invented pair of 4 and 8 blocks: nine stitches, the dearer the better. */
export function syntheticInstructionRows(seeds: readonly number[] = [0]): InstructionRow[] {
  const positions = Array.from({ length: 7 }, (_, place) => [Math.floor((place + 1) / 2), place + 1] as const);
  return seeds.flatMap((seed) => [null, null, ...positions].map((position, stitchId): InstructionRow => {
    const large = stitchId === 1 ? 8 : position === null ? 0 : 8 - position[1];
    const small = stitchId === 0 ? 4 : position === null ? 0 : position[0] + 1;
    const flopsPerToken = 300_000 * small + 500_000 * large;
    const perplexity = 60 - 5 * Math.log2(flopsPerToken / 1e6) + 4 * noise(stitchId, seed);
    return {
      method: "pst", seed, stitchId, kind: position === null ? "anchor" : "stitch", front: stitchId === 1 ? "mini-llama-l" : "mini-llama-s", end: stitchId === 0 ? "mini-llama-s" : "mini-llama-l",
      frontBlock: position?.[0] ?? null, endBlock: position?.[1] ?? null, flopsPerToken, params: flopsPerToken - 100_000, trainableParams: 180_000, examples: 80, perplexity, exactMatch: 0, rougeL: 0.01,
      exactEntity: null, exactPhrasing: null, exactBoth: null, valPerplexity: perplexity + noise(stitchId), importance: 1e-4, visits: 9, selected: 0, samples: "[]", profile: "quick",
    };
  }));
}
