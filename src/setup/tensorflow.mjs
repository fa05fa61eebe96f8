/**
 * @file `npm run setup:tensorflow`: puts TensorFlow for the backend `tensorflow` into engines/tensorflow, without root.
 *
 * Options: --device auto|cpu|gpu (auto: gpu where an NVIDIA card is), --source auto|published|pypi, --force.
 * Exit codes: 0 set up or up to date; 1 it failed; 2 a wrong option; 3 something it needs is not here.
 * The kit runs without it.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildAddons, findCompiler } from "./tensorflow-addons.mjs";
import { buildPublished, publishedIsReachable, removePublished } from "./tensorflow-published.mjs";
import { fetchWheel, findPython, TENSORFLOW_VERSION, wheelName } from "./tensorflow-wheel.mjs";

/** Raise it when a folder that an older program has set up must be set up again. */
const RECIPE = 1;
const folder = fileURLToPath(new URL("../../engines/tensorflow/", import.meta.url));
const built = join(folder, "built");
const record = join(built, "engine.json");
const platform = `${process.platform}-${process.arch}`;

/** What the caller can mend: printed without a stack. */
class Missing extends Error {}

const options = readOptions();
const device = options.device === "auto" ? (hasNvidiaCard() ? "gpu" : "cpu") : options.device;
const packageName = device === "gpu" ? "@tensorflow/tfjs-node-gpu" : "@tensorflow/tfjs-node";
const packageFolder = join(folder, "node_modules", ...packageName.split("/"));

try {
  if (!options.force && isCurrent()) {
    const found = verify();
    if (found.kind === "works") {
      say(`up to date, ${described(found)}`);
      process.exit(0);
    }
    say(`what is here does not run (${found.reason}), setting it up again`);
  }
  await setUp();
} catch (error) {
  if (!(error instanceof Missing)) throw error;
  console.error(`tensorflow backend: ${error.message}`);
  process.exitCode = 3;
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        device: { type: "string", default: "auto" },
        source: { type: "string", default: "auto" },
        force: { type: "boolean", default: false },
      },
    });
    const problems = [];
    if (!["auto", "cpu", "gpu"].includes(values.device)) problems.push(`--device is ${values.device}, expected auto, cpu or gpu.`);
    if (!["auto", "published", "pypi"].includes(values.source)) problems.push(`--source is ${values.source}, expected auto, published or pypi.`);
    if (problems.length === 0) return values;
    throw new Error(problems.join("\n"));
  } catch (error) {
    console.error(`setup:tensorflow: ${error.message}`);
    process.exit(2);
  }
}

async function setUp() {
  if (!existsSync(fileURLToPath(new URL("../../node_modules/@tensorflow/tfjs-core/package.json", import.meta.url)))) {
    throw new Missing("the kit's own packages are not installed. Run npm ci first.");
  }
  rmSync(record, { force: true });
  installPackages();
  mkdirSync(built, { recursive: true });
  if (options.source !== "pypi" && (await setUpPublished())) return;
  if (options.source === "published") throw new Missing("not set up. Try --source pypi.");
  setUpFromWheel();
}

/** The library as published with the package: its own install step fetches it. */
async function setUpPublished() {
  if (options.source === "auto" && !(await publishedIsReachable(device))) {
    say("the published library cannot be reached");
    return false;
  }
  say(`fetching the library published for ${packageName}`);
  const problem = buildPublished(folder, packageName) ?? publishedProblem();
  if (problem === undefined) return true;
  say(problem);
  rmSync(record, { force: true });
  removePublished(folder, packageName);
  return false;
}

function publishedProblem() {
  writeRecord("published", join("node_modules", packageName, "lib", "napi-v8", "tfjs_binding.node"));
  const found = verify();
  if (found.kind === "fails") return `the published library does not run (${found.reason})`;
  if (found.device !== device) return "the published library does not find the card";
  finish(found);
  return undefined;
}

/** A current TensorFlow from PyPI, and the package's binding compiled against it. */
function setUpFromWheel() {
  if (wheelName(platform, device) === undefined) throw new Missing(`not set up: PyPI has no TensorFlow with C headers for ${platform} and device ${device}.`);
  const compiler = findCompiler();
  const python = findPython();
  const problems = [
    ...(compiler === undefined ? ["a C++ compiler (g++ or clang++, or one named in CXX)"] : []),
    ...(python === undefined ? ["Python 3.9 or later with pip (python3, or one named in PYTHON); only its pip is used"] : []),
  ];
  if (problems.length > 0) throw new Missing(`not set up, it needs ${problems.join(" and ")}. Install that and run npm run setup:tensorflow again.`);
  const fetched = join(built, "tensorflow");
  const size = device === "gpu" ? "about 4 GB to fetch" : "about 280 MB to fetch";
  say(`fetching TensorFlow ${TENSORFLOW_VERSION} from PyPI (${size})`);
  const problem = fetchWheel({ built, platform, device, python });
  if (problem !== undefined) throw new Missing(`not set up: ${problem}.`);
  say("compiling the binding");
  const fault = buildAddons({ folder, built, packageFolder, libraries: fetched, compiler });
  if (fault !== undefined) {
    console.error(`tensorflow backend: ${fault}`);
    process.exit(1);
  }
  writeRecord("pypi", join("built", "tfjs_binding.node"));
  const found = verify();
  if (found.kind === "fails") {
    rmSync(record, { force: true });
    console.error(`tensorflow backend: TensorFlow was installed but does not run: ${found.reason}`);
    process.exit(1);
  }
  finish(found);
}

function finish(found) {
  say(`set up, ${described(found)}`);
  if (device === "gpu" && found.device === "cpu") say("TensorFlow finds no usable card and computes on the processor; look at nvidia-smi and the driver's version.");
}

/** Installs the packages at the versions of the lock file, without their install steps; nothing to do when they are there. */
function installPackages() {
  if (packagesAreThere()) return;
  say("installing the packages");
  const { status, error } = runNpm(["ci", "--ignore-scripts", "--loglevel=error"], folder);
  if (status !== 0) throw new Missing(`npm could not install the packages of engines/tensorflow${error === undefined ? " (see above)" : ` (${error.message})`}.`);
}

function packagesAreThere() {
  const { dependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return Object.entries(dependencies).every(([name, version]) => (version.startsWith("file:") ? existsSync(join(folder, "node_modules", name, "package.json")) : installedVersion(name) === version));
}

function installedVersion(name) {
  const path = join(folder, "node_modules", name, "package.json");
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")).version : undefined;
}

function runNpm(parameters, cwd) {
  const npm = process.env.npm_execpath;
  if (npm !== undefined && npm.endsWith(".js")) return spawnSync(process.execPath, [npm, ...parameters], { cwd, stdio: "inherit" });
  return spawnSync("npm", parameters, { cwd, stdio: "inherit", shell: process.platform === "win32" });
}

function isCurrent() {
  if (!existsSync(record) || !packagesAreThere()) return false;
  const found = JSON.parse(readFileSync(record, "utf8"));
  if (found.recipe !== RECIPE || found.platform !== platform || found.package !== packageName) return false;
  if (options.source !== "auto" && found.source !== options.source) return false;
  return found.source !== "pypi" || found.wheel === TENSORFLOW_VERSION;
}

function writeRecord(source, binding) {
  const content = { recipe: RECIPE, platform, package: packageName, source, binding, ...(source === "pypi" ? { wheel: TENSORFLOW_VERSION } : {}) };
  writeFileSync(`${record}.partial`, `${JSON.stringify(content, null, 2)}\n`);
  renameSync(`${record}.partial`, record);
}

/** Loads the backend and multiplies two matrices, in a process of its own. */
function verify() {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [join(folder, "verify.cjs")], { encoding: "utf8", timeout: 120_000 });
  if (status === 0) return { kind: "works", ...JSON.parse(stdout) };
  const message = stderr.split("\n").find((line) => /Error|error/.test(line)) ?? stderr.trim().split("\n").at(-1);
  return { kind: "fails", reason: signal === null ? message : `it ended by ${signal}` };
}

function described({ version, device: found }) {
  return `TensorFlow ${version} on ${found === "gpu" ? "an NVIDIA card" : "the processor"}`;
}

/** Whether the system has a card and its driver. */
function hasNvidiaCard() {
  const { status, stdout } = spawnSync("nvidia-smi", ["-L"], { encoding: "utf8", timeout: 20_000 });
  return status === 0 && /^GPU \d/m.test(stdout);
}

function say(line) {
  console.log(`tensorflow backend: ${line}`);
}
