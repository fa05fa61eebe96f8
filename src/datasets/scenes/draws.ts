/**
 * @file Random choices that scenes are made of.
 */
import type { RandomStream } from "../../rng.js";
import type { Vector } from "./scene.js";

/** Draws evenly between two numbers. */
export function between(low: number, high: number, stream: RandomStream): number {
  return low + (high - low) * stream.uniform();
}

/** Draws one of several things. */
export function oneOf<T>(things: readonly T[], stream: RandomStream): T {
  return things[stream.integer(things.length)]!;
}

/** A colour near another: each channel up to `reach` away. */
export function near(colour: Vector, reach: number, stream: RandomStream): Vector {
  const channel = (level: number): number => Math.max(0.02, Math.min(1, level + between(-reach, reach, stream)));
  return [channel(colour[0]), channel(colour[1]), channel(colour[2])];
}

/** Any colour between dark and light. */
export function anyColour(dark: number, light: number, stream: RandomStream): Vector {
  return [between(dark, light, stream), between(dark, light, stream), between(dark, light, stream)];
}

/** A point of the ground far from anywhere, where a pattern may begin so that no two scenes show the same part of it. */
export function somewhere(stream: RandomStream): Vector {
  return [between(-1000, 1000, stream), 0, between(-1000, 1000, stream)];
}

/** A direction to the light, between two heights (radians) above the horizon. */
export function sunDirection(low: number, high: number, stream: RandomStream): Vector {
  const [height, turn] = [between(low, high, stream), between(0, 2 * Math.PI, stream)];
  return [Math.cos(height) * Math.cos(turn), Math.sin(height), Math.cos(height) * Math.sin(turn)];
}
