/**
 * @file The backend `webgpu`: TensorFlow.js's WebGPU kernels on Dawn, with reads that return at once as on the other backends.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { ReadsTogether } from "./read-together.js";
import { registerWebgpuKernels } from "./webgpu-kernels.js";
import { BufferReader, openDevice, requireWebgpu } from "./webgpu-device.js";
import type { CommandEncoder, Device, DeviceBuffer, Gpu } from "./webgpu-device.js";

/** Whether the backend runs, and on what; or why not. */
export type WebgpuState =
  | {
      readonly kind: "ready";
      /** The hardware's name. */
      readonly adapter: string;
      /** True of a software device, which is slow and serves for tests only. */
      readonly software: boolean;
    }
  | { readonly kind: "absent"; readonly reason: string };

/** What this file uses of TensorFlow.js's class. */
interface WebgpuBackend extends tf.KernelBackend {
  readonly tensorMap: { has(dataId: object): boolean; get(dataId: object): TensorData };
  commandEncoder: CommandEncoder;
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
}

interface TensorData {
  readonly dtype: tf.DataType;
  readonly shape: number[];
  /** Set while the values are on the host. */
  values?: tf.BackendValues | null;
  /** Set while they are on the device. */
  readonly resource?: DeviceBuffer | null;
}

interface BackendModule {
  readonly WebGPUBackend: new (device: Device, info: object) => WebgpuBackend;
}

let opened: Promise<WebgpuState> | undefined;
/** Dawn frees everything when its entry point is collected, whatever device is still in use: this keeps it. */
let kept: Gpu | undefined;

/**
 * Opens the device and registers the backend, once; selecting it is left to the caller.
 *
 * @returns what runs, or why nothing does; never rejects.
 */
export function registerWebgpuBackend(): Promise<WebgpuState> {
  opened ??= open().catch((error: unknown): WebgpuState => {
    const message = error instanceof Error ? error.message.split("\n")[0] : String(error);
    return { kind: "absent", reason: `webgpu does not run here (${message})` };
  });
  return opened;
}

async function open(): Promise<WebgpuState> {
  const found = await openDevice();
  if (found.kind === "absent") return found;
  const { gpu, device, info } = found;
  kept = gpu;
  // Without navigator.gpu the module registers its kernels, but no backend of its own.
  const { WebGPUBackend } = requireWebgpu("@tensorflow/tfjs-backend-webgpu") as BackendModule;
  const backend = withNavigator(kept, () => new WebGPUBackend(device, info)) as WebgpuBackend & ReadsTogether;
  const reader = new BufferReader(device);
  backend.readManySync = (dataIds) => readMany(backend, reader, dataIds);
  backend.readSync = (dataId) => readMany(backend, reader, [dataId])[0]!;
  backend.read = (dataId) => Promise.resolve(backend.readSync(dataId));
  registerWebgpuKernels();
  tf.registerBackend("webgpu", () => backend, 2);
  return { kind: "ready", adapter: [info.vendor, info.description || info.device || info.architecture].filter(Boolean).join(" "), software: info.isFallbackAdapter === true };
}

/** Shows `navigator.gpu` while the backend is constructed, which looks for it; other packages would take it for a browser. */
function withNavigator<T>(gpu: Gpu, construct: () => T): T {
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  Object.defineProperty(globalThis, "navigator", { value: { gpu }, configurable: true, writable: true, enumerable: true });
  try {
    return construct();
  } finally {
    if (before === undefined) delete (globalThis as { navigator?: unknown }).navigator;
    else Object.defineProperty(globalThis, "navigator", before);
  }
}

/** Up to so many whole numbers stay on the host once read: labels are checked in every forward pass, and each read waits for the device. */
const KEPT_NUMBERS = 4096;

/** Reads data of any type and place; what lies on the device is fetched in one trip. */
function readMany(backend: WebgpuBackend, reader: BufferReader, dataIds: readonly object[]): tf.BackendValues[] {
  const all = dataIds.map((dataId) => backend.tensorMap.get(dataId));
  const onDevice = all.filter(({ values, resource }) => (values === undefined || values === null) && resource !== undefined && resource !== null);
  const record = (): CommandEncoder => {
    backend.ensureCommandEncoderReady();
    backend.endComputePassEncoder();
    return backend.commandEncoder;
  };
  const bytes = onDevice.length === 0 ? [] : reader.read(onDevice.map(({ resource }) => resource!), record, () => backend.submitQueue());
  const read = new Map(onDevice.map((data, index) => [data, bytes[index]!]));
  return all.map((data) => {
    const values = data.values ?? tf.util.convertBackendValuesAndArrayBuffer(read.get(data) ?? new ArrayBuffer(0), data.dtype);
    if (data.dtype === "int32" && values.length <= KEPT_NUMBERS) data.values = values;
    return values;
  });
}
