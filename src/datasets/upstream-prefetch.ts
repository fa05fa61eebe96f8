/**
 * @file Upstream batches made ahead of training by worker threads: the same bytes as `Upstream.batch`, ready when asked for.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from "node:worker_threads";
import { throwProblems, wholeNumberProblem } from "../checks.js";
import { createUpstream, type Upstream, type UpstreamBatch, type UpstreamSettings } from "./upstream.js";
import { closedAt, createRingMemory, failedAt, slotBatch, slotCounters, type WorkerOrders } from "./upstream-ring.js";

/** What {@link prefetchUpstream} takes beside the upstream settings. */
export interface PrefetchSettings {
  /** Images a batch. */
  readonly size: number;
  /** The first step to make, for a resumed run; 0 unless told. */
  readonly firstStep?: number;
  /** Worker threads, 1 to 16; 1 unless told. 0 makes every batch when asked for, on the calling thread. */
  readonly workers?: number;
  /** Batches kept ready; twice the workers plus two unless told. */
  readonly depth?: number;
}

/** Batches in the order of their steps. */
export interface UpstreamPrefetch {
  /** The mixture itself, for class names and validation. */
  readonly upstream: Upstream;
  /** Threads at work; 0 when batches are made on the calling thread. */
  readonly workers: number;
  /** Returns the next step's batch (a copy), waiting for it if need be; equal to `upstream.batch(step, size)`. */
  next(): UpstreamBatch;
  /** Ends the workers. */
  close(): Promise<void>;
}

const longestWaitSeconds = 300;

/**
 * Opens upstream data with batches made ahead.
 *
 * `next` waits without giving way to the event loop (the training loop need not be asynchronous). Started from TypeScript sources,
 * where no compiled worker lies beside this file, it makes batches on the calling thread: the same bytes, later.
 *
 * @throws {UsageError} for bad settings, as `createUpstream`.
 */
export async function prefetchUpstream(settings: UpstreamSettings, prefetch: PrefetchSettings): Promise<UpstreamPrefetch> {
  const { size, firstStep = 0 } = prefetch;
  const wanted = prefetch.workers ?? 1;
  throwProblems([
    ...wholeNumberProblem("upstream prefetch", "size", size, 1, 1 << 16),
    ...wholeNumberProblem("upstream prefetch", "firstStep", firstStep, 0, 2 ** 31 - 1),
    ...wholeNumberProblem("upstream prefetch", "workers", wanted, 0, 16),
    ...wholeNumberProblem("upstream prefetch", "depth", prefetch.depth ?? 1, 1, 1024),
  ]);
  const upstream = await createUpstream(settings);
  const script = new URL("./upstream-worker.js", import.meta.url);
  const workers = existsSync(fileURLToPath(script)) ? wanted : 0;
  if (workers === 0) return madeWhenAsked(upstream, size, firstStep);

  const ring = createRingMemory(size, Math.max(prefetch.depth ?? 2 * workers + 2, workers));
  const counters = new Int32Array(ring.counters);
  const failures: MessagePort[] = [];
  const threads = Array.from({ length: workers }, (_, worker) => {
    const { port1, port2 } = new MessageChannel();
    failures.push(port1);
    const orders: WorkerOrders = { settings, ring, firstStep, worker, workers, failures: port2 };
    const thread = new Worker(script, { workerData: orders, transferList: [port2] });
    thread.on("error", () => Atomics.store(counters, failedAt, 1));
    thread.unref();
    port1.unref();
    return thread;
  });
  let turn = 0;

  return {
    upstream,
    workers,
    next() {
      if (Atomics.load(counters, closedAt) !== 0) throw new Error("upstream prefetch: closed, no batch can be drawn.");
      const slot = turn % ring.depth;
      const lap = Math.floor(turn / ring.depth);
      const { written, read } = slotCounters(slot);
      const start = Date.now();
      while (Atomics.load(counters, written) !== lap + 1) {
        if (Atomics.load(counters, failedAt) !== 0) throw new Error(`upstream prefetch: a worker failed at or before step ${firstStep + turn}: ${failureText(failures)}`);
        if (Date.now() - start > longestWaitSeconds * 1000) throw new Error(`upstream prefetch: no batch for step ${firstStep + turn} within ${longestWaitSeconds} seconds.`);
        Atomics.wait(counters, written, lap, 200);
      }
      const { images, labels, location, orientation } = slotBatch(ring, slot);
      const batch: UpstreamBatch = { images: Uint8Array.from(images), labels: labels.slice(), location: location.slice(), orientation: orientation.slice() };
      Atomics.store(counters, read, lap + 1);
      Atomics.notify(counters, read);
      turn++;
      return batch;
    },
    async close() {
      Atomics.store(counters, closedAt, 1);
      for (let slot = 0; slot < ring.depth; slot++) Atomics.notify(counters, slotCounters(slot).read);
      await Promise.all(threads.map((thread) => thread.terminate()));
      for (const port of failures) port.close();
    },
  };
}

function madeWhenAsked(upstream: Upstream, size: number, firstStep: number): UpstreamPrefetch {
  let step = firstStep;
  return { upstream, workers: 0, next: () => upstream.batch(step++, size), close: async () => {} };
}

function failureText(ports: readonly MessagePort[]): string {
  for (const port of ports) {
    const received: unknown = receiveMessageOnPort(port)?.message;
    if (typeof received === "string") return received;
  }
  return "it left no reason.";
}
