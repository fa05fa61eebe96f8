/**
 * @file The task `kitti-like-distance`: seen from a car, how far ahead is the nearest vehicle?
 *
 * VTAB's definition of its KITTI task on streets of our own: up to 8 m, up to 20 m, farther, or no vehicle at all.
 * Source: `task_adaptation/data/kitti.py`, `closest_vehicle_distance`, at d2a72ed.
 */
import type { RandomStream } from "../../rng.js";
import type { TaskRecipe } from "../task-recipe.js";
import { anyColour, between, near, oneOf, sunDirection } from "./draws.js";
import { container, hedge, house, person, post, tree } from "./roadside.js";
import { sceneTask, type SceneTask } from "./scene-task.js";
import type { Camera, Scene, Solid, Vector } from "./scene.js";
import { placed } from "./solid-group.js";
import { car, paint, truck, van } from "./vehicles.js";
import { showsWell, thingShares } from "./visibility.js";

/** Distances ahead between the classes with a vehicle; the first and last are the nearest and farthest there is (our choice). */
const DISTANCES = [5, 8, 20, 36] as const;
const NO_VEHICLE = 3;
/** Other vehicles stand up to here. */
const FARTHEST = 60;
/** Least share of the picture that shows of the nearest vehicle. */
const LEAST_SEEN = 0.004;
const TRIES = 12;

/** Label 0 … 3. */
export const streetScenes: SceneTask = {
  name: "kitti-like-distance",
  label: "Distance ahead, the way the camera looks, of the middle of the nearest car, van or truck: up to 8 m, up to 20 m, farther, or none (VTAB's KITTI task and thresholds).",
  classNames: ["up to 8 m", "8 to 20 m", "beyond 20 m", "no vehicle"],
  version: 1,
  draw: (label, stream) => drawStreet(label, stream)?.scene,
};

/** Four classes, balanced. */
export const kittiDistance: TaskRecipe = sceneTask(streetScenes);

/** A street with a label: its scene, and where the middle of each vehicle stands on the ground. */
export function drawStreet(label: number, stream: RandomStream): { readonly scene: Scene; readonly vehicles: readonly (readonly [x: number, z: number])[] } | undefined {
  const road = between(3, 5, stream);
  // The camera drives on the right half of the road, which runs along z; x grows to the left.
  const eye: Vector = [-between(0.3, 0.6, stream) * road, between(1.5, 1.8, stream), 0];
  const yaw = between(-0.08, 0.08, stream);
  const camera: Camera = { eye, target: [eye[0] + Math.sin(yaw), eye[1] + between(-0.06, -0.01, stream), Math.cos(yaw)], width: 0.9, height: 0.5 };
  const things: Solid[][] = [];
  const put = (solids: readonly Solid[], places: () => readonly [x: number, z: number], turn: number): readonly [x: number, z: number] | undefined => {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const [x, z] = places();
      const thing = placed(solids, { centre: [x, 0, z], turn });
      if (things.some((other) => collide(thing, other))) continue;
      things.push(thing);
      return [x, z];
    }
    return undefined;
  };
  const vehicles: (readonly [x: number, z: number])[] = [];
  const vehicleAt = (from: number, to: number): void => {
    const [x, turn] = lane(road, stream);
    const place = put(vehicle(stream), () => [x, alongRoad(between(from, to, stream), x - eye[0], yaw)], turn);
    if (place !== undefined) vehicles.push(place);
  };
  if (label !== NO_VEHICLE) {
    const nearest = between(DISTANCES[label]!, DISTANCES[label + 1]!, stream);
    vehicleAt(nearest, nearest);
    for (let others = stream.integer(4); others > 0; others--) vehicleAt(nearest, FARTHEST);
  }
  for (let others = 1 + stream.integer(4); others > 0; others--) {
    const side = oneOf([-1, 1], stream);
    const reach = stream.uniform() < 0.3 ? -0.6 : 0.6;
    put(oneOf([person, container, container, post], stream)(stream), () => [side * (road + between(reach - 1.6, 2.5, stream)), 5 + 40 * stream.uniform() ** 2], between(0, 6, stream));
  }
  for (let others = 6 + stream.integer(7); others > 0; others--) {
    const side = oneOf([-1, 1], stream);
    const model = oneOf([tree, tree, house, hedge], stream);
    put(model(stream), () => [side * (road + between(2.2, 14, stream)), between(5, 80, stream)], 0);
  }
  if (label !== NO_VEHICLE && !showsWell(things, camera, LEAST_SEEN)) return undefined;
  const shares = thingShares(things, camera);
  const cloud = stream.uniform();
  const grass = oneOf([near([0.3, 0.4, 0.2], 0.1, stream), near([0.5, 0.47, 0.42], 0.1, stream)], stream);
  const asphalt = between(0.28, 0.5, stream);
  const scene: Scene = {
    // What is outside the picture costs time only.
    solids: things.filter((_, index) => shares[index]! > 0).flat(),
    ground: { colour: near([asphalt, asphalt, asphalt], 0.03, stream), texture: { kind: "road", colour: grass, size: road, origin: [0, 0, between(-1000, 1000, stream)] } },
    sky: [near([0.8, 0.84, 0.88], 0.08, stream), [0.35 + 0.4 * cloud, 0.5 + 0.28 * cloud, 0.78]],
    fog: between(0, 0.008, stream),
    light: { direction: sunDirection(0.35, 1.2, stream), strength: between(0.3, 1.2, stream) * (1.2 - cloud), ambient: between(0.35, 0.6, stream) },
    camera,
    noise: between(1, 4, stream),
  };
  return { scene, vehicles };
}

/** How far along the road a thing stands that is so far ahead as the camera looks; `aside` is how far it is to the camera's left. */
function alongRoad(ahead: number, aside: number, yaw: number): number {
  return (ahead - aside * Math.sin(yaw)) / Math.cos(yaw);
}

/** Where a vehicle's middle is across the road and which way it looks: ahead, oncoming, parked at either side, or crossing. */
function lane(road: number, stream: RandomStream): [x: number, turn: number] {
  const [ahead, jitter] = [-Math.PI / 2, between(-0.06, 0.06, stream)];
  const kind = stream.integer(5);
  if (kind <= 1) return [-between(0.35, 0.6, stream) * road, ahead + jitter];
  if (kind === 2) return [between(0.35, 0.6, stream) * road, -ahead + jitter];
  if (kind === 3) return [oneOf([-1, 1], stream) * (road + between(0.3, 1.2, stream)), oneOf([-1, 1], stream) * ahead + jitter];
  return [between(-road, road, stream), oneOf([0, Math.PI], stream) + 3 * jitter];
}

function vehicle(stream: RandomStream): Solid[] {
  const colours = paint(oneOf([anyColour(0.05, 0.9, stream), near([0.5, 0.5, 0.5], 0.4, stream)], stream));
  const kind = stream.uniform();
  if (kind < 0.65) return car(colours, stream);
  return kind < 0.85 ? van(colours, stream) : truck(colours, { colour: anyColour(0.3, 0.9, stream) }, stream);
}

/** Whether two things come close on the ground, each taken for the discs around its parts. */
function collide(one: readonly Solid[], two: readonly Solid[]): boolean {
  return one.some((a) => two.some((b) => Math.hypot(a.centre[0] - b.centre[0], a.centre[2] - b.centre[2]) < Math.max(a.half[0], a.half[2]) + Math.max(b.half[0], b.half[2])));
}
