/**
 * @file Values of several tensors in one go.
 */
import * as tf from "@tensorflow/tfjs-core";

/** A backend whose tensors lie on a device of its own, where every read is a trip. */
export interface ReadsTogether {
  /** The values of several tensors, in one trip. */
  readManySync(dataIds: readonly object[]): tf.BackendValues[];
}

/**
 * Reads tensors as `dataSync` does, with one trip to the device for all of them where the backend can.
 *
 * @returns each tensor's values; to be read, not written.
 */
export function readTogether(tensors: readonly tf.Tensor[]): ArrayLike<number>[] {
  const backend: unknown = tf.backend();
  if (!canReadTogether(backend)) return tensors.map((tensor) => tensor.dataSync());
  return backend.readManySync(tensors.map(({ dataId }) => dataId)) as ArrayLike<number>[];
}

function canReadTogether(backend: unknown): backend is ReadsTogether {
  return typeof backend === "object" && backend !== null && "readManySync" in backend;
}
