/**
 * @file The memory that a prefetching main thread and its workers share: a ring of batches and counters to wait on.
 */
import type { MessagePort } from "node:worker_threads";
import { upstreamImageSize } from "./formula-canvas.js";
import type { UpstreamBatch, UpstreamSettings } from "./upstream.js";

const imageBytes = upstreamImageSize * upstreamImageSize * 3;

/** Shared memory of a ring; plain data, can be posted to a worker. */
export interface RingMemory {
  readonly size: number;
  readonly depth: number;
  readonly images: SharedArrayBuffer;
  /** Labels, location and orientation, `size` numbers each, slot by slot. */
  readonly labels: SharedArrayBuffer;
  /** Number 0 says that a worker failed, number 1 that the ring is closed; then, a slot each, laps written and laps read. */
  readonly counters: SharedArrayBuffer;
}

/** What a worker is started with: it makes steps `firstStep + worker`, `firstStep + worker + workers`, … */
export interface WorkerOrders {
  readonly settings: UpstreamSettings;
  readonly ring: RingMemory;
  readonly firstStep: number;
  readonly worker: number;
  readonly workers: number;
  /** Takes the reason of a failure, before the failure is flagged. */
  readonly failures: MessagePort;
}

/** Places in the counters. */
export const failedAt = 0;
export const closedAt = 1;
const slotsAt = 2;

/** Makes the memory of a ring of `depth` batches of `size` images. */
export function createRingMemory(size: number, depth: number): RingMemory {
  return {
    size,
    depth,
    images: new SharedArrayBuffer(depth * size * imageBytes),
    labels: new SharedArrayBuffer(depth * size * 3 * 4),
    counters: new SharedArrayBuffer((slotsAt + 2 * depth) * 4),
  };
}

/** Returns where the laps written to, and read from, a slot are counted. */
export function slotCounters(slot: number): { readonly written: number; readonly read: number } {
  return { written: slotsAt + 2 * slot, read: slotsAt + 2 * slot + 1 };
}

/** Returns views onto one slot; copy before the slot is given back. */
export function slotBatch({ size, images, labels }: RingMemory, slot: number): UpstreamBatch {
  const numbers = (part: number): Int32Array => new Int32Array(labels, (slot * 3 + part) * size * 4, size);
  return { images: new Uint8Array(images, slot * size * imageBytes, size * imageBytes), labels: numbers(0), location: numbers(1), orientation: numbers(2) };
}
