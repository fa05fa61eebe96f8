import { expect, test } from "vitest";
import type { StitchRow } from "./record.js";
import { vtabStitchingFindings } from "./vtab-stitching-findings.js";

const base: StitchRow = {
  task: "a", group: "natural", method: "pst", seed: 0, stitchId: 0, kind: "anchor", front: "x-ti", end: "x-ti", frontBlock: null, endBlock: null, flops: 10,
  params: 5, trainableParams: 100_000, top1: 0.2, valTop1: 0.1, importance: null, visits: null, selected: 0, profile: "laptop",
};
const small = (more: Partial<StitchRow>): StitchRow => ({ ...base, ...more });
const large = (more: Partial<StitchRow>): StitchRow => ({ ...base, stitchId: 1, front: "x-s", end: "x-s", flops: 1000, top1: 0.9, valTop1: 0.15, ...more });

/** Anchors at 10 and 1000; a stitch at 100, which is as accurate as given and which all choices prefer; a worse one at 200, which PST finds more important. */
function family(top1: number, more: Partial<StitchRow> = {}): StitchRow[] {
  const importance = more.method === undefined ? 1 : null;
  const selected = importance === null ? 0 as const : 1 as const;
  const stitch: StitchRow = { ...base, kind: "stitch", end: "x-s", frontBlock: 0, endBlock: 1, ...more, selected, importance };
  return [
    { ...small(more), selected, importance }, { ...large(more), selected, importance },
    { ...stitch, stitchId: 2, flops: 100, top1, valTop1: 0.2 },
    { ...stitch, stitchId: 3, flops: 200, top1: 0.25, valTop1: 0.1, selected: 0, importance: importance === null ? null : 2 },
  ];
}

const tasks = { a: "natural", b: "specialised", c: "structured", d: "structured" } as const;
const seeds = [0, 1, 2];

/** PST's area is (0.2 + 0.6) / 2 everywhere; SN-Net's is above it by 5, 6 and 7 points on a and b, below it by 5 on c and d. */
const against: readonly StitchRow[] = Object.entries(tasks).flatMap(([task, group]) => seeds.flatMap((seed) => [
  ...family(0.6, { task, group, seed }),
  ...family(group === "structured" ? 0.5 : 0.7 + 0.02 * seed, { task, group, seed, method: "sn-net", trainableParams: 500_000 }),
]));
/** On task a: biases alone, 15 points below PST; anchors alone, whose small one is better by 30 points and more, the large one by 5. */
const others: readonly StitchRow[] = seeds.flatMap((seed) => [
  ...family(0.3, { seed, method: "bias-only", trainableParams: 50_000 }),
  small({ seed, method: "anchors", top1: 0.5 + 0.02 * seed, trainableParams: 2_000 }), large({ seed, method: "anchors", top1: 0.95, trainableParams: 4_000 }),
]);

test("the findings tell every comparison with its number, and where PST stands by the interval alone", () => {
  expect(vtabStitchingFindings([...against, ...others])).toEqual([
    // (−6 − 6 + 5 + 5) / 4 = −0.5; groups (−6 − 6 + 5) / 3 = −2.3.
    "Along the accuracy–FLOPs frontier PST is not told apart from SN-Net: the areas differ by −0.5 ± 0.5 points, 95 % interval −1.7 to +0.7 (mean of 4 tasks), and by −2.3 ± 0.7 points (below) on the mean of the groups' means.",
    "Of 4 tasks PST is above on 2 (c and d) and below on 2 (a and b), none is undecided; by group: natural −6.0 ± 1.0 points (below), specialised −6.0 ± 1.0 points (below) and structured +5.0 ± 0.0 points (above).",
    "As run without an oracle, PST's stitches chosen by importance and SN-Net's by validation accuracy, PST is not told apart from SN-Net: −0.5 ± 0.5 points, 95 % interval −1.7 to +0.7 (mean of 4 tasks); with both chosen by validation the difference is −0.5 ± 0.5 points (undecided).",
    "PST trains 20.0 % of what SN-Net trains, heads included (0.1 of 0.5 million parameters); the anchors adapted one by one train 0.006 million together.",
    "PST's frontier lies above that of PST with each stitch's biases alone (50.0 % of its trained parameters): +15.0 ± 0.0 points, 95 % interval +15.0 to +15.0 (mean of 1 task).",
    // Areas 0.4 against 0.50, 0.52 and 0.54.
    "PST's frontier lies below that of the anchors adapted one by one, a run each: −12.0 ± 2.0 points, 95 % interval −17.0 to −7.0 (mean of 1 task); the best that a budget buys differs by −32.0 ± 2.0 points (below) within the cost of Ti and −5.0 ± 0.0 points (below) within the cost of S.",
    "A maximum over 4 stitches, taken on the test images that score it, favours PST there over 2 anchors; as run, PST's stitches chosen by importance and the anchors by validation, the difference is −12.0 ± 2.0 points (below).",
    // The small anchor up to 200, then 0.25: (0.2 · lg 20 + 0.25 · lg 5) / 2 = 0.2175.
    "Deploying as many stitches of the highest importance of all, in place of the best of each bin of FLOPs, changes the area of what PST deploys by −18.3 ± 0.0 points (below) on the mean of 4 tasks.",
  ]);
});

test("the verdict on the paper's claim goes by the interval, one way and the other", () => {
  const on = (task: string): string => vtabStitchingFindings(against.filter((row) => row.task === task))[0]!;
  expect(on("a")).toBe("Along the accuracy–FLOPs frontier PST lies below SN-Net, against the paper: the areas differ by −6.0 ± 1.0 points, 95 % interval −8.5 to −3.5 (mean of 1 task).");
  expect(on("c")).toContain("PST lies above SN-Net, as the paper says: the areas differ by +5.0");
});

test("with one seed nothing is judged, and what was not measured is not told", () => {
  const first = against.filter(({ seed, task }) => seed === 0 && task !== "d");
  const refitted = first.map((row) => ({ ...row, valTop1: null }));
  expect(vtabStitchingFindings(refitted)).toEqual([
    "Along the accuracy–FLOPs frontier PST cannot with one seed be told apart from SN-Net: the areas differ by −1.7 points (mean of 3 tasks).",
    "Of 3 tasks PST is above on 1 (c) and below on 2 (a and b), with one seed by the sign alone.",
    "PST trains 20.0 % of what SN-Net trains, heads included (0.1 of 0.5 million parameters).",
    expect.stringMatching(/^Deploying .* by −18\.3 points \(undecided\) on the mean of 3 tasks\.$/),
  ]);
  expect(vtabStitchingFindings(first.filter(({ method }) => method === "sn-net"))).toEqual([]);
  expect(vtabStitchingFindings([])).toEqual([]);
});

test("an anchor alone whose others are not there yet is not compared", () => {
  const begun = [...against, ...others.filter(({ method, stitchId, seed }) => method === "anchors" && (seed === 0 || stitchId === 0))];
  const told = vtabStitchingFindings(begun);
  expect(told.find((text) => text.includes("one by one, a run each"))).toContain("cannot with one seed be told apart from that of the anchors adapted one by one, a run each: −10.0 points");
});
