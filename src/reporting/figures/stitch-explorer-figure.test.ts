import { expect, test } from "vitest";
import type { ExploredGroup, ExploredStitch } from "../report-page/stitch-means.js";
import { chooseStitch, stitchExplorerFigure } from "./stitch-explorer-figure.js";

const stitch = (id: number, flops: number, val: number | null, top1: number, importance: number | null = null): ExploredStitch => ({
  id, front: "mini-ti", end: "mini-s", blocks: [id, id + 1], flops, params: flops / 20, top1, spread: 0.012, seeds: 3, val, importance,
});
const group: ExploredGroup = { task: "digits", method: "pst", seed: 0, stitches: [stitch(3, 8e6, 0.5, 0.52), stitch(4, 12e6, 0.7, 0.66), stitch(5, 20e6, 0.6, 0.9), stitch(6, 40e6, 0.8, 0.75)] };

test("the choice is the best on validation within the budget, whatever the test accuracy", () => {
  expect(chooseStitch(group, "flops", 7e6)).toBeUndefined();
  expect(chooseStitch(group, "flops", 25e6)).toEqual({
    chosen: group.stitches[1],
    lines: [
      "66.0 % test top-1 (± 1.2, 3 seeds)",
      "stitch 4, Ti block 4 to S block 5: 12 MFLOPs, 600k parameters; the best on validation of 3 within the budget",
      "node dist/cli.js export --weights out/weights/task=digits_method=pst_seed=0.safetensors --stitch 4 --out stitch-4.safetensors",
    ],
  });
  expect(chooseStitch(group, "params", 1e6)?.chosen.id).toBe(4);
});

test("without validation importance chooses, and without both the cost", () => {
  const scored = { ...group, task: null, stitches: [stitch(3, 8e6, null, 0.5, 2), stitch(4, 12e6, 0.7, 0.6, 1)] };
  expect(chooseStitch(scored, "flops", 1e9)?.lines).toEqual(["50.0 % test top-1 (± 1.2, 3 seeds)", "stitch 3, Ti block 3 to S block 4: 8 MFLOPs, 400k parameters; the most important of 2 within the budget"]);
  expect(chooseStitch({ ...scored, stitches: [stitch(3, 8e6, null, 0.5), stitch(4, 12e6, 0.7, 0.6)] }, "flops", 1e9)?.lines[1]).toContain("the dearest of 2");
});

test("each place of the slider marks what its budget buys, from the cheapest to all", () => {
  const figure = stitchExplorerFigure(group, { budget: 25e6 });
  const [slider] = figure.layout["sliders"] as { active: number; steps: { label: string; args: [{ x: number[][] }, { annotations: { text: string }[] }] }[] }[];
  const steps = slider?.steps ?? [];
  expect(steps[0]?.args[0].x).toEqual([[12e6, 20e6, 40e6], [8e6], [8e6]]);
  expect(steps.at(-1)?.args[0].x).toEqual([[], [8e6, 12e6, 20e6, 40e6], [40e6]]);
  expect(steps.at(-1)?.label).toBe("40 MFLOPs");
  expect(figure.data.map(({ x }) => x)).toEqual(steps[slider?.active ?? -1]?.args[0].x);
  expect(steps[slider?.active ?? -1]?.args[1].annotations[0]?.text).toMatch(/^<b>66\.0 % test top-1 \(± 1\.2, 3 seeds\)<\/b><br>stitch 4/);
});
