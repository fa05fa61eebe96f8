/**
 * @file How fast the engine multiplies matrices: the yardstick for everything else.
 */
import { tf } from "../tensor/index.js";
import { median } from "./median.js";

/** Floating-point operations a second, a multiply–add counted as two. */
export interface MatmulRate {
  readonly best: number;
  readonly median: number;
}

/** Multiplies `size × size` matrices for about `seconds`, at least three times after a first one. */
export function matmulRate(size = 512, seconds = 0.3): MatmulRate {
  const operations = 2 * size ** 3;
  const [a, b] = [tf.randomUniform([size, size], -1, 1, "float32", 1), tf.randomUniform([size, size], -1, 1, "float32", 2)];
  const once = (): number => {
    const started = performance.now();
    // A tidy that returned the values would search them for tensors, element by element.
    const product = tf.matMul(a, b);
    product.dataSync();
    product.dispose();
    return (performance.now() - started) / 1000;
  };
  const first = once();
  const times: number[] = [];
  while (times.length < 3 || (times.reduce((sum, time) => sum + time, first) < seconds && times.length < 200)) times.push(once());
  a.dispose();
  b.dispose();
  return { best: operations / Math.min(...times), median: operations / median(times) };
}
