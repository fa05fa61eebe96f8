import { expect, test } from "vitest";
import type { ExploredGroup, ExploredStitch } from "../report-page/stitch-means.js";
import { chooseStitch, stitchExplorerFigure } from "./stitch-explorer-figure.js";

const stitch = (id: number, flops: number, val: number | null, test: number, importance: number | null = null): ExploredStitch => ({
  id, front: "mini-ti", end: "mini-s", blocks: [id, id + 1], flops, params: flops / 20, test, spread: 0.012, seeds: 3, val, importance,
});
const group: ExploredGroup = { measure: "top1", task: "digits", method: "pst", seed: 0, stitches: [stitch(3, 8e6, 0.5, 0.52), stitch(4, 12e6, 0.7, 0.66), stitch(5, 20e6, 0.6, 0.9), stitch(6, 40e6, 0.8, 0.75)] };

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

test("each place of the slider marks what its budget buys and veils what it does not, from the cheapest to all", () => {
  const figure = stitchExplorerFigure(group, { budget: 25e6 });
  interface Step { readonly label: string; readonly args: readonly [{ readonly x: number[][] }, { readonly annotations: readonly { readonly text: string }[]; readonly shapes: readonly { readonly type: string; readonly x0: number }[] }, number[]] }
  const [slider] = figure.layout["sliders"] as { active: number; steps: Step[] }[];
  const steps = slider?.steps ?? [];
  expect(steps.map(({ args: [{ x }] }) => x[0])).toEqual(steps.map(({ args: [, { shapes }] }) => [shapes[0]!.x0 < 12e6 ? 8e6 : shapes[0]!.x0 < 40e6 ? 12e6 : 40e6]));
  expect([steps[0], steps.at(-1)].map((step) => step?.args[1].shapes[0])).toMatchObject([{ type: "rect", x0: 8e6 }, { type: "rect", x0: 40e6 }]);
  expect(steps.at(-1)?.label).toBe("40 MFLOPs");
  expect(steps[0]?.args[2]).toEqual([1]);
  const now = steps[slider?.active ?? -1]!;
  expect(figure.data.map(({ x }) => x)).toEqual([[8e6, 12e6, 20e6, 40e6], now.args[0].x[0]]);
  expect(now.args[1].annotations[0]?.text).toMatch(/^<b>66\.0 % test top-1 \(± 1\.2, 3 seeds\)<\/b><br>stitch 4/);
});

test("of decoders the lowest validation perplexity is chosen, and the command talks with it", () => {
  const decoders: ExploredGroup = { measure: "perplexity", task: null, method: "pst", seed: 0, stitches: [stitch(3, 2e6, 60, 58), stitch(4, 3e6, 50, 52), stitch(5, 4e6, 55, 49)] };
  expect(chooseStitch(decoders, "flops", 9e6)?.lines).toEqual([
    "52.0 test perplexity of the answers (± 0.0, 3 seeds)",
    "stitch 4, Ti block 4 to S block 5: 3 MFLOPs, 150k parameters; the best on validation of 3 within the budget",
    "node dist/cli.js chat --weights out/weights.safetensors --stitch 4",
  ]);
  const figure = stitchExplorerFigure(decoders);
  expect(figure.layout["xaxis"]).toMatchObject({ title: { text: "FLOPs of a token" } });
  expect(figure.layout["yaxis"]).toMatchObject({ title: { text: "Test perplexity of the answers" } });
});
