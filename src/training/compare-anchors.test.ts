import { beforeAll, expect, test } from "vitest";
import { useBackend } from "../tensor/index.js";
import { tinyFamily, tinyTask } from "../testing/tiny-family.js";
import type { AnchorFamily } from "./adapt.js";
import { compareAnchors, defaultCompare, withRandomWeights, type ComparedAnchor } from "./compare-anchors.js";

beforeAll(async () => {
  await useBackend("auto", { threads: 1 });
});

const recipe = { ...defaultCompare, steps: 60, batchSize: 16, learningRate: 0.02 };
const named = (family: AnchorFamily, weights: string): AnchorFamily => ({ ...family, anchors: family.anchors.slice(1).map((anchor) => ({ ...anchor, sha256: weights })) });
const tasks: Readonly<Record<string, number>> = { first: 0, second: 1 };
const load = async (name: string) => ({ ...tinyTask(tasks[name]!), name, sha256: `pictures of ${name}` });

test("every anchor learns every task alone, and rows that are there are not measured again", async () => {
  const families = [named(tinyFamily(0), "earlier"), named(tinyFamily(1), "later")];
  const kept: number[] = [];
  const rows = await compareAnchors(families, ["first", "second"], load, recipe, { known: [], onRow: (all) => void kept.push(all.length) });
  const keys = rows.map(({ task, weights, anchorId }) => `${task} ${weights} ${anchorId}`);
  expect(keys).toEqual(["first", "second"].flatMap((task) => ["earlier", "later"].flatMap((weights) => ["tiny-1", "tiny-2"].map((anchor) => `${task} ${weights} ${anchor}`))));
  expect(kept).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  for (const { adaptedTop1, probeTop1 } of rows) {
    expect(adaptedTop1).toBeGreaterThan(0.45);
    expect(probeTop1).toBeGreaterThan(0.45);
  }
  const marked: ComparedAnchor = { ...rows[3]!, adaptedTop1: 0.123 };
  const known = [marked, ...rows.slice(4), { ...rows[0]!, taskSha256: "other pictures" }];
  const again = await compareAnchors(families, ["first", "second"], load, recipe, { known, onRow: (all) => void kept.push(all.length) });
  expect(again).toEqual([...rows.slice(0, 3), marked, ...rows.slice(4)]);
  expect(kept.slice(8)).toEqual([1, 2, 3]);
}, 60_000);

test("a comparison that is stopped returns the rows that are whole", async () => {
  const controller = new AbortController();
  const rows = await compareAnchors([named(tinyFamily(), "earlier")], ["first"], load, { ...recipe, steps: 2 }, { known: [], onRow: () => controller.abort(), signal: controller.signal });
  expect(rows.map(({ anchorId }) => anchorId)).toEqual(["tiny-1"]);
});

test("random weights take the place of pretrained ones and are named as such", () => {
  const [own, random] = [tinyFamily(), withRandomWeights(tinyFamily(), 5)];
  expect(random.anchors.map(({ sha256 }) => sha256)).toEqual(Array(3).fill("random, seed 5"));
  expect(random.anchors[0]!.parameters["blocks.0.attn.qkv.weight"]!.shape).toEqual(own.anchors[0]!.parameters["blocks.0.attn.qkv.weight"]!.shape);
  expect(random.anchors[0]!.parameters["blocks.0.attn.qkv.weight"]!.data).not.toEqual(own.anchors[0]!.parameters["blocks.0.attn.qkv.weight"]!.data);
  expect(withRandomWeights(own, 5).anchors).toEqual(random.anchors);
});
