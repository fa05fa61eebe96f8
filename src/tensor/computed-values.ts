/**
 * @file The values of a computation, with nothing of it left in the engine.
 */
import * as tf from "@tensorflow/tfjs-core";

/**
 * Runs a computation, reads its float32 result and frees everything that it made.
 *
 * The values leave after the scope has ended: `tf.tidy` would look at every element of an array that it returns.
 */
export function computedValues(compute: () => tf.Tensor): Float32Array {
  const result = tf.tidy(compute);
  const values = result.dataSync() as Float32Array;
  result.dispose();
  return values;
}
