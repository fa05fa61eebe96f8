/**
 * @file Makes the backend `tensorflow` known to the kit's TensorFlow.js core, from what `npm run setup:tensorflow` has put here.
 *
 * Plain JavaScript, because the set-up runs it before anything is compiled.
 */
const { existsSync, readFileSync } = require("node:fs");
const { join } = require("node:path");
const util = require("node:util");

const command = "npm run setup:tensorflow";

/** What the set-up wrote down when it had finished. */
function readSetup() {
  const path = join(__dirname, "built", "engine.json");
  if (!existsSync(path)) throw new Error(`tensorflow is not set up: run ${command}`);
  const setup = JSON.parse(readFileSync(path, "utf8"));
  const here = `${process.platform}-${process.arch}`;
  if (setup.platform !== here) throw new Error(`tensorflow was set up for ${setup.platform}, this is ${here}: run ${command}`);
  return setup;
}

/** Settings that TensorFlow reads from the environment while it loads; what the user has set stays. */
function prepareEnvironment(threads) {
  // One operation runs at a time, so all threads go into it.
  process.env.TF_NUM_INTRAOP_THREADS = String(threads);
  process.env.TF_NUM_INTEROP_THREADS ??= "1";
  process.env.TF_CPP_MIN_LOG_LEVEL ??= "3";
  process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= "true";
  // Cards would otherwise round the factors of float32 products to 10 bits.
  process.env.NVIDIA_TF32_OVERRIDE ??= "0";
}

/** Node 23 has lost these two, which the packages call; Node 22 warns about them. */
function restoreUtilities() {
  util.isNullOrUndefined = (value) => value === null || value === undefined;
  util.isArray = Array.isArray;
}

/** Loads the library. It greets on stderr before it reads its log level, so stderr is closed meanwhile where the set-up could build the means. */
function loadBinding(setup) {
  const mute = join(__dirname, "built", "mute.node");
  if (process.env.TF_CPP_MIN_LOG_LEVEL !== "3" || !existsSync(mute)) return require(join(__dirname, setup.binding));
  const { muteStderr, restoreStderr } = require(mute);
  muteStderr();
  try {
    return require(join(__dirname, setup.binding));
  } finally {
    restoreStderr();
  }
}

/**
 * Registers the backend and its kernels; call it once.
 *
 * @param {number} threads of one operation.
 * @returns {{ version: string, device: "cpu" | "gpu" }} TensorFlow's version and where it computes.
 * @throws {Error} when it is not set up for this machine or does not load.
 */
exports.registerTensorflow = function registerTensorflow(threads) {
  const setup = readSetup();
  prepareEnvironment(threads);
  restoreUtilities();
  const binding = loadBinding(setup);
  const tf = require("@tensorflow/tfjs");
  require(`${setup.package}/dist/register_all_kernels`);
  const { NodeJSKernelBackend } = require(`${setup.package}/dist/nodejs_kernel_backend`);
  tf.registerBackend("tensorflow", () => new NodeJSKernelBackend(binding, setup.package), 0);
  return { version: binding.TF_Version, device: binding.isUsingGpuDevice() ? "gpu" : "cpu" };
};
