/**
 * @file `npm run setup:webgpu`: puts Dawn and TensorFlow.js's WebGPU kernels into engines/webgpu, and looks for a device.
 *
 * Options: --force installs again. Exit codes: 0 set up or up to date; 1 it failed; 2 a wrong option; 3 something it needs is not here.
 * The kit runs without it.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const folder = fileURLToPath(new URL("../../engines/webgpu/", import.meta.url));
/** Where Chromium's packages put the description of their software device. */
const softwareDevices = ["/usr/lib/chromium", "/usr/lib64/chromium-browser", "/usr/lib/chromium-browser", "/opt/google/chrome"].map((place) => join(place, "vk_swiftshader_icd.json"));

const { force } = readOptions();
if (!existsSync(fileURLToPath(new URL("../../node_modules/@tensorflow/tfjs-core/package.json", import.meta.url)))) {
  stop(3, "the kit's own packages are not installed. Run npm ci first.");
}
installPackages();
const found = verify({});
if (found.kind === "works") {
  say(`set up, runs on ${found.adapter}${found.software ? " (a software device: slow, for tests)" : ""}`);
} else if (found.kind === "fails") {
  stop(1, `the packages are installed, but a matrix product fails: ${found.reason}`);
} else {
  adviseWithoutDevice();
}

function readOptions() {
  try {
    return parseArgs({ options: { force: { type: "boolean", default: false } } }).values;
  } catch (error) {
    console.error(`setup:webgpu: ${error.message}`);
    process.exit(2);
  }
}

/** Installs the packages at the versions of the lock file; nothing to do when they are there. */
function installPackages() {
  const { dependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const wrong = Object.entries(dependencies).filter(([name, version]) => installedVersion(name) !== version);
  if (wrong.length === 0 && !force) {
    say(`packages up to date, Dawn as of webgpu ${dependencies.webgpu}`);
    return;
  }
  say("installing the packages (about 160 MB unpacked)");
  const { status, error } = runNpm(["ci", "--loglevel=error"]);
  if (status !== 0) stop(3, `npm could not install the packages of engines/webgpu${error === undefined ? " (see above)" : ` (${error.message})`}.`);
}

function installedVersion(name) {
  const path = join(folder, "node_modules", name, "package.json");
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")).version : undefined;
}

function runNpm(parameters) {
  const npm = process.env.npm_execpath;
  if (npm !== undefined && npm.endsWith(".js")) return spawnSync(process.execPath, [npm, ...parameters], { cwd: folder, stdio: "inherit" });
  return spawnSync("npm", parameters, { cwd: folder, stdio: "inherit", shell: process.platform === "win32" });
}

/** Multiplies two matrices on the device, in a process of its own. */
function verify(environment) {
  const env = { NODEVICE_SELECT: "1", ...process.env, ...environment };
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [join(folder, "verify.mjs")], { encoding: "utf8", timeout: 120_000, env });
  if (status === 0) return { kind: "works", ...JSON.parse(stdout) };
  if (status === 3) return { kind: "no device", log: stderr };
  const message = stderr.split("\n").find((line) => /Error|error:/.test(line)) ?? stderr.trim().split("\n").at(-1);
  return { kind: "fails", reason: signal === null ? message : `it ended by ${signal}` };
}

/** Says what is missing for a device, tries the software device where there is one, and how to get it where not. */
function adviseWithoutDevice() {
  if (process.platform !== "linux") stop(3, "the packages are installed, but Dawn finds no graphics device with Direct3D 12, Metal or Vulkan. Look at its driver.");
  const named = process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES;
  say(`the packages are installed, but Dawn finds no graphics device through Vulkan${named === undefined ? "" : ` in ${named}`}`);
  if (!hasLoader()) say("Vulkan's loader, libvulkan.so.1, is missing: on Debian and Ubuntu, apt-get install libvulkan1");
  const drivers = named === undefined ? vulkanDrivers() : [];
  if (drivers.length > 0) say(`drivers are described in ${drivers.join(", ")}, but Dawn takes none of them (Mesa's software device is refused in version 22.3)`);
  const software = softwareDevices.find((path) => existsSync(path) && path !== named);
  if (software !== undefined) {
    const tried = verify({ VK_ICD_FILENAMES: software, VK_DRIVER_FILES: software });
    if (tried.kind === "works") {
      say(`set up; a software device for tests is here and runs (${tried.adapter}). Use it so:`);
      say(`  export VK_ICD_FILENAMES=${software}`);
      return;
    }
    say(`the software device of ${software} does not run${tried.kind === "fails" ? ` (${tried.reason})` : ""}`);
  }
  say("a graphics card needs its maker's driver with Vulkan. A slow software device for tests comes with Chromium:");
  say("  apt-get install --no-install-recommends libvulkan1 chromium-common");
  say(`  export VK_ICD_FILENAMES=${softwareDevices[0]}`);
  stop(3, "then run npm run setup:webgpu again.");
}

function hasLoader() {
  const { status, stdout } = spawnSync("/sbin/ldconfig", ["-p"], { encoding: "utf8" });
  return status !== 0 || stdout.includes("libvulkan.so.1");
}

function vulkanDrivers() {
  return ["/etc/vulkan/icd.d", "/usr/share/vulkan/icd.d"].flatMap((place) => (existsSync(place) ? readdirSync(place).map((file) => join(place, file)) : []));
}

function say(line) {
  console.log(`webgpu backend: ${line}`);
}

function stop(code, line) {
  console.error(`webgpu backend: ${line}`);
  process.exit(code);
}
