/**
 * @file The task `dmlab-like`: seen from inside a maze, is the nearest reward good or bad, and is it close, far or very far?
 *
 * The six classes of VTAB's DMLab task, {close, far, very far} × {positive, negative reward}; what is close, the order of
 * the labels and the scenes are our choice. Source: `task_adaptation/data/dmlab.py`, at 577296a.
 */
import type { RandomStream } from "../../rng.js";
import type { TaskRecipe } from "../task-recipe.js";
import { anyColour, between, near, oneOf, sunDirection } from "./draws.js";
import { drawMaze, isOpen, type Maze } from "./maze.js";
import { mazeObject, type Reward } from "./maze-objects.js";
import { sceneTask, type SceneTask } from "./scene-task.js";
import type { Camera, Material, Scene, Solid, Texture, Vector } from "./scene.js";
import { placed } from "./solid-group.js";
import { showsWell } from "./visibility.js";

const SIDE = 11;
/** Distances over the ground between the classes, in cells. */
const DISTANCES = [0.7, 1.5, 2.6, 4.2] as const;
/** Other rewards are farther than the nearest by this much at least. */
const BEHIND = 0.6;
const TRIES = 60;
/** Least share of the picture that shows of the nearest reward. */
const LEAST_SEEN = 0.004;
/** Nothing farther than this from the camera is there. */
const SIGHT = 8;
/** Angles of view. */
const WIDTH = 1.1;
const HEIGHT = 1;

/** Label 0, 1, 2 is a good reward that is close, far, very far; 3, 4, 5 a bad one. */
export const mazeScenes: SceneTask = {
  name: "dmlab-like",
  label: "Nearest reward in a maze: positive or negative, up to 1.5, 2.6 or 4.2 cells away (VTAB's DMLab classes; the distances are our choice).",
  classNames: ["positive, close", "positive, far", "positive, very far", "negative, close", "negative, far", "negative, very far"],
  version: 1,
  draw: (label, stream) => drawMazeView(label, stream)?.scene,
};

/** Six classes, balanced. */
export const dmlab: TaskRecipe = sceneTask(mazeScenes);

/** A reward and its distance over the ground from the camera, in cells. */
export interface PlacedReward {
  readonly reward: Reward;
  readonly distance: number;
}

/** A view with a label: its scene, and every reward in it. */
export function drawMazeView(label: number, stream: RandomStream): { readonly scene: Scene; readonly rewards: readonly PlacedReward[] } | undefined {
  const maze = drawMaze(SIDE, 0.45, stream);
  const camera = mazeCamera(maze, stream);
  const height = between(0.75, 1.1, stream);
  const walls = wallsInView(maze, camera, height, stream);
  const things: Solid[][] = [];
  const rewards: PlacedReward[] = [];
  const put = (reward: Reward, from: number, to: number): boolean => {
    const centre = freePlace(maze, camera, from, to, [...walls, ...things.flat()], stream);
    if (centre === undefined) return false;
    if (reward !== "none") rewards.push({ reward, distance: Math.hypot(centre[0] - camera.eye[0], centre[2] - camera.eye[2]) });
    things.push(placed(mazeObject(reward, stream), { centre, scale: between(0.38, 0.58, stream), turn: between(0, 2 * Math.PI, stream) }));
    return true;
  };
  const [from, to] = [DISTANCES[label % 3]!, DISTANCES[(label % 3) + 1]!];
  const nearest = between(from, to, stream);
  if (!put(label < 3 ? "good" : "bad", nearest, nearest)) return undefined;
  for (let other = stream.integer(3); other > 0; other--) put(oneOf(["good", "bad"] as const, stream), nearest + BEHIND, SIGHT);
  for (let other = stream.integer(4); other > 0; other--) put("none", DISTANCES[0], SIGHT);
  if (!showsWell([...things, walls], camera, LEAST_SEEN)) return undefined;
  const strength = between(0.5, 0.9, stream);
  const scene: Scene = {
    solids: [...things.flat(), ...walls],
    ground: surface(stream),
    ...(stream.uniform() < 0.5 ? { ceiling: { height, material: surface(stream) } } : {}),
    sky: [near([0.75, 0.82, 0.9], 0.15, stream), near([0.35, 0.5, 0.8], 0.15, stream)],
    fog: between(0, 0.06, stream),
    light: { direction: sunDirection(0.8, 1.2, stream), strength, ambient: between(0.35, 0.65, stream) },
    camera,
    noise: between(1, 5, stream),
  };
  return { scene, rewards };
}

/** Somewhere in an open cell, a little more than half a wall high, looking anywhere along a passage. */
function mazeCamera(maze: Maze, stream: RandomStream): Camera {
  for (;;) {
    const [x, z] = [1 + stream.integer(SIDE - 2), 1 + stream.integer(SIDE - 2)];
    const turn = stream.integer(4) * (Math.PI / 2);
    const [dx, dz] = [Math.round(Math.cos(turn)), Math.round(Math.sin(turn))];
    if (!isOpen(maze, x, z) || !isOpen(maze, x + dx, z + dz)) continue;
    const eye: Vector = [x + 0.5 + between(-0.25, 0.25, stream), between(0.5, 0.6, stream), z + 0.5 + between(-0.25, 0.25, stream)];
    const look = turn + between(-0.35, 0.35, stream);
    return { eye, target: [eye[0] + Math.cos(look), eye[1] + between(-0.25, -0.1, stream), eye[2] + Math.sin(look)], width: WIDTH, height: HEIGHT };
  }
}

/** Boxes for the closed cells beside open ones within sight; one in five is of another material. */
function wallsInView(maze: Maze, { eye, target }: Camera, height: number, stream: RandomStream): Solid[] {
  const materials = [surface(stream), surface(stream)];
  const look = Math.atan2(target[2] - eye[2], target[0] - eye[0]);
  const walls: Solid[] = [];
  for (let z = 0; z < SIDE; z++) {
    for (let x = 0; x < SIDE; x++) {
      const [ax, az] = [x + 0.5 - eye[0], z + 0.5 - eye[2]];
      const distance = Math.hypot(ax, az);
      const aside = Math.abs(angleBetween(Math.atan2(az, ax), look));
      const edge = isOpen(maze, x - 1, z) || isOpen(maze, x + 1, z) || isOpen(maze, x, z - 1) || isOpen(maze, x, z + 1);
      if (isOpen(maze, x, z) || !edge || distance > SIGHT || (distance > 1.5 && aside > WIDTH / 2 + 0.95 / distance)) continue;
      const material = materials[(x * 7 + z * 3) % 5 === 0 ? 1 : 0]!;
      walls.push({ shape: "box", centre: [x + 0.5, height / 2, z + 0.5], half: [0.5, height / 2, 0.5], material, shadow: false });
    }
  }
  return walls;
}

/** The difference of two directions, −π to π. */
function angleBetween(a: number, b: number): number {
  return Math.atan2(Math.sin(a - b), Math.cos(a - b));
}

/** A place within view at a distance over the ground, clear of everything else and not behind a wall. */
function freePlace(maze: Maze, { eye, target }: Camera, from: number, to: number, others: readonly Solid[], stream: RandomStream): Vector | undefined {
  const look = Math.atan2(target[2] - eye[2], target[0] - eye[0]);
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const [distance, angle] = [between(from, to, stream), look + between(-0.47, 0.47, stream)];
    const centre: Vector = [eye[0] + distance * Math.cos(angle), 0, eye[2] + distance * Math.sin(angle)];
    if (inSight(maze, eye, centre) && !others.some((other) => overlaps(other, centre, 0.3))) return centre;
  }
  return undefined;
}

/** Whether the line over the ground between two points runs through open cells. */
function inSight(maze: Maze, from: Vector, to: Vector): boolean {
  for (let step = 1; step <= 40; step++) {
    const share = step / 40;
    if (!isOpen(maze, Math.floor(from[0] + share * (to[0] - from[0])), Math.floor(from[2] + share * (to[2] - from[2])))) return false;
  }
  return true;
}

/** Whether a solid's square on the ground comes within a radius of a point. */
function overlaps({ centre, half }: Solid, [x, , z]: Vector, radius: number): boolean {
  return Math.abs(centre[0] - x) < half[0] + radius && Math.abs(centre[2] - z) < half[2] + radius;
}

/** A wall, floor or ceiling. */
function surface(stream: RandomStream): Material {
  const colour = anyColour(0.2, 0.75, stream);
  const texture: Texture = { kind: oneOf(["bricks", "blotches", "checker", "stripes"] as const, stream), colour: near(colour, 0.2, stream), size: between(0.18, 0.5, stream) };
  return { colour, texture };
}
