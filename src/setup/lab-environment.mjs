/**
 * @file The Python environment of `npm run lab`: JupyterLab, papermill and the kit's kernel in `.venv/lab`, Jupyter's own files in `.venv/jupyter`.
 */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** The first Python that the pinned packages support. */
const PYTHON = [3, 11];

export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const environment = join(root, ".venv", "lab");
const programs = join(environment, process.platform === "win32" ? "Scripts" : "bin");
const jupyter = join(root, "jupyter");

/** The environment's own Python. */
export const python = join(programs, process.platform === "win32" ? "python.exe" : "python");

/** Something is missing that the user can supply; the text says what, and how. */
export class SetupError extends Error {}

/** The first Python on the path that is new enough and can make an environment. `ESTA_PYTHON` names another. */
function findPython() {
  const tried = [];
  for (const name of [process.env.ESTA_PYTHON, "python3", "python"].filter(Boolean)) {
    try {
      const version = execFileSync(name, ["-c", "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
      const [major, minor] = version.split(".").map(Number);
      if (major > PYTHON[0] || (major === PYTHON[0] && minor >= PYTHON[1])) return name;
      tried.push(`${name} is ${version}`);
    } catch (error) {
      tried.push(error.code === "ENOENT" ? `${name} is not there` : `${name} lacks venv or ensurepip (Debian: apt install python3-venv)`);
    }
  }
  throw new SetupError(
    `${tried.join("; ")}; expected Python ${PYTHON.join(".")} or later with venv. Install it, or name one: ESTA_PYTHON=/path/to/python3 npm run lab\n` +
      "Without Python, notebooks run with: node dist/cli.js notebook run notebooks/00-start.ipynb -o executed.ipynb",
  );
}

/** Makes the environment unless it is there with exactly the pinned packages, and registers the kernel in it. */
export async function setUp() {
  const requirements = join(jupyter, "requirements.txt");
  const constraints = join(jupyter, "constraints.txt");
  const wanted = readFileSync(requirements, "utf8") + readFileSync(constraints, "utf8");
  const marker = join(environment, "installed.txt");
  if (!existsSync(python) || !existsSync(marker) || readFileSync(marker, "utf8") !== wanted) {
    const base = findPython();
    console.log("Setting up JupyterLab in .venv/lab (one to three minutes, this once)");
    execFileSync(base, ["-m", "venv", "--clear", environment], { stdio: "inherit", env: cleanVariables() });
    await install(["-r", requirements, "-c", constraints], readFileSync(constraints, "utf8").trim().split("\n").length);
    writeFileSync(marker, wanted);
  }
  registerKernel();
  return environmentVariables();
}

/** Runs pip and shows how far it is. */
async function install(what, packages) {
  const pip = spawn(python, ["-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off", ...what], { stdio: ["ignore", "pipe", "inherit"], env: cleanVariables() });
  let collected = 0;
  let said = 0;
  for await (const line of createInterface({ input: pip.stdout })) {
    if (line.startsWith("Collecting ")) collected++;
    if (collected >= said + 20) console.log(`  ${(said = collected)} of about ${packages} packages found`);
    if (line.startsWith("Installing collected")) console.log("  all found; installing");
  }
  const code = pip.exitCode ?? (await new Promise((done) => pip.on("close", done)));
  if (code !== 0) throw new SetupError("pip could not install what jupyter/requirements.txt lists (see above), expected a package index that it can reach. Run it again when there is one; what was fetched is kept.");
}

/**
 * Puts the kernel where every Jupyter program of this environment looks, with the path that the committed kernel.json leaves open, and
 * makes papermill's translator importable. Written at each start: the project may have been moved.
 */
function registerKernel() {
  const spec = readFileSync(join(jupyter, "kernels", "esta", "kernel.json"), "utf8");
  const folder = join(environment, "share", "jupyter", "kernels", "esta");
  mkdirSync(folder, { recursive: true });
  const path = JSON.stringify(join(root, "dist", "kernel", "main.js"));
  writeFileSync(join(folder, "kernel.json"), spec.replace(/"\{resource_dir\}[^"]*"/, () => path));
  const packages = execFileSync(python, ["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], { encoding: "utf8", env: cleanVariables() }).trim();
  writeFileSync(join(packages, "esta.pth"), `${join(jupyter, "papermill")}\n`);
  writeFileSync(join(root, ".venv", "package.json"), "{}\n"); // JupyterLab's own scripts are CommonJS, the project's are not
}

/** The caller's variables without those that would mix another Python's packages in. */
function cleanVariables() {
  const { PYTHONPATH: _path, PYTHONHOME: _home, ...kept } = process.env;
  return { ...kept, PYTHONNOUSERSITE: "1" };
}

/** Variables for programs of the environment: all folders of Jupyter lie inside the project, and nothing asks the network for news. */
function environmentVariables() {
  const inside = (name) => {
    const folder = join(root, ".venv", "jupyter", name);
    mkdirSync(folder, { recursive: true });
    return folder;
  };
  const config = inside("config");
  const write = (path, value) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
  };
  write(join(config, "labconfig", "page_config.json"), { disabledExtensions: { "@jupyterlab/apputils-extension:announcements": true } });
  write(join(config, "jupyter_server_config.json"), { KernelSpecManager: { allowed_kernelspecs: ["esta"], ensure_native_kernel: false } });
  return {
    ...cleanVariables(),
    PATH: `${programs}${delimiter}${process.env.PATH ?? ""}`,
    JUPYTER_DATA_DIR: inside("data"), JUPYTER_CONFIG_DIR: config, JUPYTER_RUNTIME_DIR: inside("runtime"),
    JUPYTERLAB_SETTINGS_DIR: inside("settings"), JUPYTERLAB_WORKSPACES_DIR: inside("workspaces"), IPYTHONDIR: inside("ipython"),
  };
}
