// Opens a device, multiplies two matrices on it with TensorFlow.js's kernels and prints what it ran on, as JSON.
// Exit codes: 0 right, 3 no device. A process of its own: a faulty driver can end it.
import { createRequire } from "node:module";
import { create, globals } from "webgpu";

const require = createRequire(import.meta.url);
const gpu = create([]);
const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
if (adapter === null) process.exit(3);
Object.assign(globalThis, globals);
Object.defineProperty(globalThis, "navigator", { value: { gpu }, configurable: true });
const tf = require("@tensorflow/tfjs-core"); // the kit's own, above this folder
require("@tensorflow/tfjs-backend-webgpu");
await tf.setBackend("webgpu");
const size = 48;
const [left, right] = [7, 5].map((step) => Array.from({ length: size }, (_, row) => Array.from({ length: size }, (_, column) => (((row * size + column) * step) % 11) - 5)));
const found = await tf.matMul(tf.tensor2d(left), tf.tensor2d(right)).data();
for (let row = 0; row < size; row++) {
  for (let column = 0; column < size; column++) {
    const expected = left[row].reduce((sum, value, index) => sum + value * right[index][column], 0);
    if (found[row * size + column] !== expected) throw new Error(`row ${row}, column ${column} of a product is ${found[row * size + column]}, expected ${expected}`);
  }
}
const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
console.log(JSON.stringify({ adapter: [vendor, description || device || architecture].filter(Boolean).join(" "), software: isFallbackAdapter === true }));
process.exit(0);
