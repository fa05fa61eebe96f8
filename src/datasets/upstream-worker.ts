/**
 * @file The worker thread of prefetching: makes its share of the batches into the shared ring until the ring is closed.
 */
import { workerData } from "node:worker_threads";
import { createUpstream } from "./upstream.js";
import { closedAt, failedAt, slotBatch, slotCounters, type WorkerOrders } from "./upstream-ring.js";

async function fillRing({ settings, ring, firstStep, worker, workers, failures }: WorkerOrders): Promise<void> {
  const counters = new Int32Array(ring.counters);
  try {
    const upstream = await createUpstream(settings);
    for (let turn = worker; Atomics.load(counters, closedAt) === 0; turn += workers) {
      const slot = turn % ring.depth;
      const lap = Math.floor(turn / ring.depth);
      const { written, read } = slotCounters(slot);
      while (Atomics.load(counters, read) !== lap && Atomics.load(counters, closedAt) === 0) Atomics.wait(counters, read, lap - 1, 200);
      if (Atomics.load(counters, closedAt) !== 0) return;
      const made = upstream.batch(firstStep + turn, ring.size);
      const place = slotBatch(ring, slot);
      place.images.set(made.images);
      place.labels.set(made.labels);
      place.location.set(made.location);
      place.orientation.set(made.orientation);
      Atomics.store(counters, written, lap + 1);
      Atomics.notify(counters, written);
    }
  } catch (error) {
    failures.postMessage(error instanceof Error ? (error.stack ?? error.message) : String(error));
    Atomics.store(counters, failedAt, 1);
  }
}

void fillRing(workerData as WorkerOrders);
