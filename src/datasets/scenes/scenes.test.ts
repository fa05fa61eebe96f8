/**
 * @file Labels of the rendered tasks against what the scenes hold.
 */
import { describe, expect, test } from "vitest";
import { createRng, type RandomStream } from "../../rng.js";
import { countScenes, distanceScenes } from "./clevr-like.js";
import { depthOf } from "./clevr-scene.js";
import { drawMazeView, mazeScenes } from "./dmlab-like.js";
import { drawStreet, streetScenes } from "./kitti-like.js";
import { renderScene } from "./render-scene.js";
import { drawScenes, type SceneTask } from "./scene-task.js";
import type { Scene } from "./scene.js";
import { azimuthScenes, elevationScenes } from "./smallnorb-like.js";

const tasks = [countScenes, distanceScenes, mazeScenes, streetScenes, azimuthScenes, elevationScenes];

/** A scene with a label, drawn again until a draw succeeds. */
function sceneOf(task: SceneTask, label: number, seed = 0): Scene {
  return untilDrawn(seed, (stream) => task.draw(label, stream, "train"));
}

function untilDrawn<T>(seed: number, draw: (stream: RandomStream) => T | undefined): T {
  const stream = createRng(seed).stream("test");
  for (;;) {
    const drawn = draw(stream);
    if (drawn !== undefined) return drawn;
  }
}

/** VTAB's rule for distances: the last threshold below the distance, so that a class ends with its upper threshold. */
function vtabClass(distance: number, thresholds: readonly number[]): number {
  return thresholds.findLastIndex((threshold) => threshold - distance < 0);
}

/** VTAB's thresholds: CLEVR's depths, KITTI's metres (1000 where there is no vehicle). */
const clevrDepths = [0, 8, 8.5, 9, 9.5, 10, 100];
const kittiMetres = [-100, 8, 20, 999];

describe("labels", () => {
  test("as many classes as VTAB's tasks have", () => {
    expect(tasks.map(({ classNames }) => classNames.length)).toEqual([8, 6, 6, 4, 18, 9]);
  });

  test.each([0, 3, 7])("count %i: three objects more stand on the table", (label) => {
    expect(sceneOf(countScenes, label).solids).toHaveLength(3 + label);
  });

  test("VTAB's classes of distance end with their upper threshold", () => {
    expect([0.1, 8, 8.001, 8.5, 8.501, 9, 9.5, 9.501, 10, 10.001, 99].map((depth) => vtabClass(depth, clevrDepths))).toEqual([0, 0, 1, 1, 2, 2, 3, 4, 4, 5, 5]);
    expect([0, 8, 8.001, 20, 20.001, 998, 1000].map((metres) => vtabClass(metres, kittiMetres))).toEqual([0, 0, 1, 1, 2, 2, 3]);
  });

  test.each([0, 1, 2, 3, 4, 5])("distance %i: VTAB's rule gives the label to the depth of the closest object", (label) => {
    for (let seed = 0; seed < 5; seed++) {
      const { solids, camera } = sceneOf(distanceScenes, label, seed);
      expect(vtabClass(Math.min(...solids.map((solid) => depthOf(solid, camera))), clevrDepths)).toBe(label);
    }
  });

  test.each([0, 1, 2, 3])("street %i: VTAB's rule gives the label to how far ahead the nearest vehicle is", (label) => {
    for (let seed = 0; seed < 80; seed++) {
      const { scene, vehicles } = untilDrawn(seed, (stream) => drawStreet(label, stream));
      const { eye, target } = scene.camera;
      const [ax, az] = [target[0] - eye[0], target[2] - eye[2]];
      const ahead = vehicles.map(([x, z]) => ((x - eye[0]) * ax + (z - eye[2]) * az) / Math.hypot(ax, az));
      expect(vtabClass(Math.min(1000, ...ahead), kittiMetres)).toBe(label);
    }
  });

  test.each([0, 1, 2, 3, 4, 5])("maze %i: good before bad, and close before far before very far, of the nearest reward", (label) => {
    for (let seed = 0; seed < 6; seed++) {
      const { rewards } = untilDrawn(seed, (stream) => drawMazeView(label, stream));
      const nearest = rewards.reduce((one, other) => (other.distance < one.distance ? other : one));
      expect(nearest.reward).toBe(label < 3 ? "good" : "bad");
      expect(vtabClass(nearest.distance, [0, 1.5, 2.6, 4.2])).toBe(label % 3);
    }
  });

  test("depth is measured along the camera's axis, not along the line of sight", () => {
    const camera = { eye: [0, 0, 0], target: [0, 0, 5], width: 1, height: 1 } as const;
    const { solids } = sceneOf(countScenes, 0);
    expect(depthOf({ ...solids[0]!, centre: [3, 4, 7] }, camera)).toBeCloseTo(7, 12);
  });

  test.each([0, 4, 8])("elevation %i: the camera looks down at 30° and five more for each class", (label) => {
    const { eye, target } = sceneOf(elevationScenes, label).camera;
    expect((Math.atan2(eye[1] - target[1], Math.hypot(eye[0] - target[0], eye[2] - target[2])) * 180) / Math.PI).toBeCloseTo(30 + 5 * label, 9);
  });

  test("azimuth: nine classes on, the same toy is turned by half a circle, part by part", () => {
    const [front, back] = [sceneOf(azimuthScenes, 2).solids, sceneOf(azimuthScenes, 11).solids];
    const middles = front.map(({ centre }, part) => [centre[0] + back[part]!.centre[0], centre[2] + back[part]!.centre[2]]);
    for (const [x, z] of middles) {
      expect(x).toBeCloseTo(middles[0]![0]!, 9);
      expect(z).toBeCloseTo(middles[0]![1]!, 9);
    }
    expect(front.map(({ material }) => material)).toEqual(back.map(({ material }) => material));
  });
});

describe("pictures", () => {
  test.each(tasks.map((task) => [task.name, task] as const))("%s: the same bytes every time, and others for another split", (_, task) => {
    const pixels = (split: "train" | "test"): string => {
      const { scene } = drawScenes(task, split, 1)[0]!;
      return Buffer.from(renderScene(scene, 24, createRng(0).stream("noise"))).toString("base64");
    };
    expect(pixels("train")).toBe(pixels("train"));
    expect(pixels("test")).not.toBe(pixels("train"));
  });

  test("smallnorb-like pictures are grey", () => {
    const picture = renderScene(sceneOf(azimuthScenes, 5), 24, createRng(0).stream("noise"));
    for (let pixel = 0; pixel < picture.length; pixel += 3) expect([picture[pixel + 1], picture[pixel + 2]]).toEqual([picture[pixel], picture[pixel]]);
  });
});
