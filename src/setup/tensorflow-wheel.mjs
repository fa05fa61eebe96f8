/**
 * @file TensorFlow's library and C headers out of the Python package, for cards with NVIDIA's libraries beside it.
 *
 * Python only fetches and unpacks; nothing of it is needed afterwards.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";

/** The release that the set-up takes. */
export const TENSORFLOW_VERSION = "2.21.0";

/** Any Python can fetch the package of this one; the libraries in it do not depend on Python. */
const PACKAGED_FOR = "3.12";

const packages = {
  "linux-x64": { cpu: "tensorflow-cpu", gpu: "tensorflow" },
  "linux-arm64": { cpu: "tensorflow" },
  "darwin-arm64": { cpu: "tensorflow" },
};

/** The program's part in Python: takes the libraries and headers out of the archive and prints what it requires for cards. */
const unpack = `
import shutil, sys, zipfile
from pathlib import Path
archive, libraries, headers = zipfile.ZipFile(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
wanted = ("tensorflow/c/", "tensorflow/core/platform/", "tsl/platform/", "tsl/c/", "xla/tsl/c/", "xla/tsl/platform/")
for name in archive.namelist():
    part = name.partition("tensorflow/include/")[2] if name.startswith("tensorflow/include/") else ""
    if part.endswith(".h") and part.startswith(wanted):
        target = headers / part
    elif name.startswith(("tensorflow/libtensorflow_cc.", "tensorflow/libtensorflow_framework.")):
        target = libraries / name.rpartition("/")[2]
    else:
        if name.endswith(".dist-info/METADATA"):
            for line in archive.read(name).decode().splitlines():
                if line.startswith("Requires-Dist: nvidia-") and "and-cuda" in line:
                    print(line[len("Requires-Dist: "):].partition(";")[0].strip())
        continue
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(name) as source, open(target, "wb") as sink:
        shutil.copyfileobj(source, sink, 1 << 22)
`;

/** The name on PyPI of what fits the machine, or nothing. */
export function wheelName(platform, device) {
  return packages[platform]?.[device];
}

/** The command of a Python with pip, or nothing. */
export function findPython() {
  const candidates = [process.env.PYTHON, "python3", "python"].filter((name) => name !== undefined && name !== "");
  return candidates.find((name) => spawnSync(name, ["-c", "import sys, pip; sys.exit(sys.version_info < (3, 9))"]).status === 0);
}

/**
 * Fills `built/tensorflow` with the libraries, `built/include` with the headers and for cards `built/nvidia` with CUDA's libraries,
 * which the libraries look for there.
 *
 * @returns what went wrong, or nothing.
 */
export function fetchWheel({ built, platform, device, python }) {
  const name = wheelName(platform, device);
  const needed = device === "gpu" ? 12 : 2;
  const { bavail, bsize } = statfsSync(built);
  if (bavail * bsize < needed * 2 ** 30) return `${needed} GiB of free disk are needed meanwhile, found ${((bavail * bsize) / 2 ** 30).toFixed(1)} in ${built}`;
  const download = join(built, "download");
  const [libraries, headers] = [join(built, "tensorflow"), join(built, "include")];
  for (const old of [download, libraries, headers, join(built, "nvidia")]) rmSync(old, { recursive: true, force: true });
  mkdirSync(download, { recursive: true });
  try {
    if (!pip(python, ["download", `${name}==${TENSORFLOW_VERSION}`, "--dest", download, ...target(platform)])) return `pip could not fetch ${name} ${TENSORFLOW_VERSION} (see above)`;
    const wheel = readdirSync(download).find((file) => file.endsWith(".whl"));
    const { status, stdout } = spawnSync(python, ["-c", unpack, join(download, wheel), libraries, headers], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
    if (status !== 0) return `${wheel} could not be unpacked (see above)`;
    rmSync(join(download, wheel));
    if (process.platform === "linux") dropSymbols(libraries);
    return device === "gpu" ? fetchCuda({ built, download, python, platform, requirements: stdout.trim().split("\n") }) : undefined;
  } finally {
    rmSync(download, { recursive: true, force: true });
  }
}

function fetchCuda({ built, download, python, platform, requirements }) {
  if (!pip(python, ["install", "--target", download, ...target(platform), ...requirements])) return "pip could not fetch NVIDIA's libraries (see above)";
  const fetched = join(download, "nvidia");
  for (const part of readdirSync(fetched, { withFileTypes: true })) if (part.isDirectory()) rmSync(join(fetched, part.name, "include"), { recursive: true, force: true });
  renameSync(fetched, join(built, "nvidia"));
  return undefined;
}

function pip(python, parameters) {
  const env = { ...process.env, PIP_DISABLE_PIP_VERSION_CHECK: "1", PIP_ROOT_USER_ACTION: "ignore" };
  return spawnSync(python, ["-m", "pip", ...parameters, "--no-deps", "--only-binary=:all:"], { stdio: ["ignore", "inherit", "inherit"], env }).status === 0;
}

/** Which builds fit: pip asks for each tag by name when it does not fetch for the Python that runs it. */
function target(platform) {
  const [system, processor] = platform.split("-");
  const architecture = { x64: "x86_64", arm64: system === "darwin" ? "arm64" : "aarch64" }[processor];
  const tags =
    system === "darwin"
      ? [11, 12, 13, 14].map((version) => `macosx_${version}_0_${architecture}`)
      : [...Array.from({ length: 24 }, (_, minor) => `manylinux_2_${28 - minor}_${architecture}`), `manylinux2014_${architecture}`, `manylinux2010_${architecture}`, `manylinux1_${architecture}`, "any"];
  return ["--python-version", PACKAGED_FOR, "--implementation", "cp", "--abi", `cp${PACKAGED_FOR.replace(".", "")}`, "--abi", "none", "--abi", "abi3", ...tags.flatMap((tag) => ["--platform", tag])];
}

/** A quarter of the libraries is names for debuggers. Without the program for it they stay. */
function dropSymbols(libraries) {
  for (const file of readdirSync(libraries)) {
    const [whole, short] = [join(libraries, file), join(libraries, `${file}.short`)];
    if (spawnSync("strip", ["--strip-unneeded", "-o", short, whole]).status === 0) renameSync(short, whole);
    else if (existsSync(short)) rmSync(short);
  }
}
