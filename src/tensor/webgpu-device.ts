/**
 * @file A WebGPU device in Node, through Dawn, whose buffers can be read without waiting for the event loop.
 *
 * Only the few parts of the WebGPU interface that the backend touches are typed here.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/** A buffer on the device. */
export interface DeviceBuffer {
  readonly size: number;
  readonly mapState: "unmapped" | "pending" | "mapped";
  mapAsync(mode: number): Promise<void>;
  getMappedRange(): ArrayBuffer;
  unmap(): void;
  destroy(): void;
}

/** Commands on their way to the device. */
export interface CommandEncoder {
  copyBufferToBuffer(from: DeviceBuffer, fromOffset: number, to: DeviceBuffer, toOffset: number, bytes: number): void;
}

/** The device itself. */
export interface Device {
  createBuffer(descriptor: { size: number; usage: number }): DeviceBuffer;
  addEventListener(type: "uncapturederror", listener: (event: { readonly error: { readonly message: string } }) => void): void;
}

/** What is known of the hardware. */
export interface AdapterInfo {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  /** True of a software device such as SwiftShader. */
  readonly isFallbackAdapter?: boolean;
}

interface Adapter {
  readonly info: AdapterInfo;
  readonly features: ReadonlySet<string>;
  readonly limits: Readonly<Record<string, number>>;
  requestDevice(descriptor: { requiredFeatures: string[]; requiredLimits: Record<string, number> }): Promise<Device>;
}

/** The entry point, `navigator.gpu` in a browser. */
export interface Gpu {
  requestAdapter(options: { powerPreference: "high-performance" | "low-power" }): Promise<Adapter | null>;
}

interface DawnModule {
  create(options: string[]): Gpu;
  readonly globals: Readonly<Record<string, unknown>> & { readonly GPUBuffer: { readonly prototype: DeviceBuffer } };
}

/** Bits of WebGPU's buffer usages and map modes, from its specification. */
const USAGE_MAP_READ = 1;
const USAGE_COPY_DESTINATION = 8;
const MAP_MODE_READ = 1;

/** Up to this size, the buffer for reading grows by doubling. */
const ROUNDED_BYTES = 2 ** 26;

/** The project of the optional packages: the same path from src/tensor and from dist/tensor. */
export const webgpuFolder = fileURLToPath(new URL("../../engines/webgpu/", import.meta.url));

/** Finds modules of the optional packages. */
export const requireWebgpu = createRequire(new URL("../../engines/webgpu/package.json", import.meta.url));

/** Whether `npm run setup:webgpu` has installed the packages. */
export function webgpuInstalled(): boolean {
  return existsSync(`${webgpuFolder}node_modules/webgpu/package.json`) && existsSync(`${webgpuFolder}node_modules/@tensorflow/tfjs-backend-webgpu/package.json`);
}

/** A device and what it runs on. */
export interface OpenDevice {
  readonly kind: "open";
  readonly gpu: Gpu;
  readonly device: Device;
  readonly info: AdapterInfo;
}

/** Opens the most powerful device, or says why there is none. */
export async function openDevice(): Promise<OpenDevice | { readonly kind: "absent"; readonly reason: string }> {
  if (!webgpuInstalled()) return { kind: "absent", reason: "webgpu is not set up: run npm run setup:webgpu" };
  // Mesa's layer that sorts devices asks the window system; without one it only prints a complaint.
  if (process.platform === "linux" && process.env["XDG_RUNTIME_DIR"] === undefined) process.env["NODEVICE_SELECT"] ??= "1";
  const dawn = requireWebgpu("webgpu") as DawnModule;
  const gpu = dawn.create([]);
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null) return { kind: "absent", reason: "webgpu found no graphics device: run npm run setup:webgpu, which says what is missing" };
  catchMappings(dawn.globals.GPUBuffer.prototype);
  Object.assign(globalThis, dawn.globals); // TensorFlow.js's kernels use names such as GPUBufferUsage
  const limits = ["maxComputeWorkgroupStorageSize", "maxComputeWorkgroupsPerDimension", "maxStorageBufferBindingSize", "maxBufferSize", "maxComputeWorkgroupSizeX", "maxComputeInvocationsPerWorkgroup"];
  const device = await adapter.requestDevice({
    requiredFeatures: ["timestamp-query"].filter((feature) => adapter.features.has(feature)),
    requiredLimits: Object.fromEntries(limits.map((name) => [name, adapter.limits[name]!])),
  });
  await new Promise((resolve) => setImmediate(resolve)); // lets Dawn's own look for finished work run: none is under way from here on
  return { kind: "open", gpu, device, info: adapter.info };
}

/**
 * Copies of device buffers to the host, made while the caller waits.
 *
 * A buffer is mapped asynchronously, and Dawn looks for finished work in a function that it hands to `setImmediate`. During a read that
 * function is caught and called in a loop instead, so that the read ends without a turn of the event loop. Our choice.
 */
export class BufferReader {
  readonly #device: Device;
  #staging: DeviceBuffer | undefined;
  #fault: string | undefined;

  constructor(device: Device) {
    this.#device = device;
    device.addEventListener("uncapturederror", ({ error }) => (this.#fault ??= error.message));
  }

  /**
   * Reads buffers, all in one trip.
   *
   * @param buffers - none of size 0.
   * @param record - gives the encoder to write the copies to.
   * @param submit - sends it off.
   * @returns the bytes of each buffer, copied.
   * @throws {Error} when the device reported a fault since the last read, or the copy fails.
   */
  read(buffers: readonly DeviceBuffer[], record: () => CommandEncoder, submit: () => void): ArrayBuffer[] {
    const total = buffers.reduce((sum, { size }) => sum + size, 0);
    const staging = this.#stagingOf(total);
    const encoder = record();
    let offset = 0;
    for (const buffer of buffers) {
      encoder.copyBufferToBuffer(buffer, 0, staging, offset, buffer.size);
      offset += buffer.size;
    }
    submit();
    mapNow(staging);
    try {
      this.#throwFault();
      if (staging.mapState !== "mapped") throw new Error("webgpu: the device did not hand its results over; it may be lost or out of memory.");
      const range = staging.getMappedRange();
      let start = 0;
      return buffers.map(({ size }) => range.slice(start, (start += size)));
    } finally {
      if (staging.mapState === "mapped") staging.unmap();
    }
  }

  #stagingOf(bytes: number): DeviceBuffer {
    if (this.#staging === undefined || this.#staging.size < bytes || this.#staging.mapState !== "unmapped") {
      this.#staging?.destroy();
      const size = bytes > ROUNDED_BYTES ? bytes : Math.max(2 ** 16, 2 ** Math.ceil(Math.log2(bytes)));
      this.#staging = this.#device.createBuffer({ size, usage: USAGE_MAP_READ | USAGE_COPY_DESTINATION });
    }
    return this.#staging;
  }

  /** A faulty command gives zeros, not an exception: it is reported beside. */
  #throwFault(): void {
    if (this.#fault === undefined) return;
    const fault = this.#fault;
    this.#fault = undefined;
    throw new Error(`webgpu: the device reports a fault: ${fault}`);
  }
}

/** Dawn's looks for finished work that were caught and have not run. It asks for the next one only when one has run. */
const looks: (() => void)[] = [];
let catching = false;
/** Looks run after a buffer is mapped, so that none is left where nothing else is under way. */
const LAST_LOOKS = 4;

/** Maps a buffer for reading and returns when it is mapped, or cannot be. */
function mapNow(buffer: DeviceBuffer): void {
  catchLooks(() => {
    buffer.mapAsync(MAP_MODE_READ).catch(() => undefined); // told by mapState
    const start = performance.now();
    while (buffer.mapState === "pending") {
      const look = looks.shift();
      if (look === undefined) throw new Error("webgpu: Dawn does not look for finished work as this program expects; is it another version?");
      look();
      if (performance.now() - start > 1) pause();
    }
    for (let count = 0; count < LAST_LOOKS; count++) looks.shift()?.();
  });
}

/** Runs something that may make Dawn ask for a look. What it asks for also runs in the next turn of the event loop, as it expects. */
function catchLooks<T>(run: () => T): T {
  if (catching) return run();
  const realImmediate = globalThis.setImmediate;
  const before = new Set(looks);
  globalThis.setImmediate = ((callback: () => void) => void looks.push(callback)) as unknown as typeof setImmediate;
  catching = true;
  try {
    return run();
  } finally {
    catching = false;
    globalThis.setImmediate = realImmediate;
    for (const look of looks) if (!before.has(look)) realImmediate(runIfWaiting, look);
  }
}

function runIfWaiting(look: () => void): void {
  const index = looks.indexOf(look);
  if (index < 0) return;
  looks.splice(index, 1);
  catchLooks(look);
}

/** Lets the looks of every other mapping be caught too, such as those of the profiler's. */
function catchMappings(prototype: DeviceBuffer): void {
  const mapAsync = prototype.mapAsync;
  prototype.mapAsync = function (this: DeviceBuffer, ...given: Parameters<typeof mapAsync>) {
    return catchLooks(() => mapAsync.apply(this, given));
  };
}

const bell = new Int32Array(new SharedArrayBuffer(4));

/** Leaves the processor to the device's own threads for a twentieth of a millisecond. */
function pause(): void {
  Atomics.wait(bell, 0, 0, 0.05);
}
