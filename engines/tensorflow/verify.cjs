/**
 * @file Multiplies two matrices on the backend and prints what ran, as one line of JSON: `{"version":"…","device":"cpu"}`.
 *
 * A process of its own: a library that does not fit the machine may end it.
 */
const { registerTensorflow } = require("./load.cjs");

const found = registerTensorflow(1);
const tf = require("@tensorflow/tfjs");
if (!tf.setBackend("tensorflow")) throw new Error("TensorFlow does not start");
const product = tf.matMul(tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor2d([5, 6, 7, 8], [2, 2])).dataSync();
if ([...product].join() !== "19,22,43,50") throw new Error(`TensorFlow multiplies wrongly: ${[...product].join()}, expected 19,22,43,50`);
console.log(JSON.stringify(found));
