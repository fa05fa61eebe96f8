/**
 * @file `npm run lab`: JupyterLab with the kit's TypeScript kernel, from a Python environment inside the project.
 *
 * Nothing outside the project changes: packages go to `.venv/lab`, and Jupyter's settings, data and logs below it. A second call
 * finds all in place and only starts. Words behind `--` go to JupyterLab: `npm run lab -- --no-browser --port 8899`.
 */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Pinned: what the kernel and the notebooks were tried with. plotly brings JupyterLab's viewer of interactive figures. */
const PACKAGES = ["jupyterlab==4.6.6", "plotly==7.1.0"];
/** The first Python that these packages support. */
const PYTHON = [3, 10];

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const environment = join(root, ".venv", "lab");
const python = process.platform === "win32" ? join(environment, "Scripts", "python.exe") : join(environment, "bin", "python");

function stop(message) {
  console.error(`lab: ${message}`);
  process.exit(2);
}

/** The first Python of a name that is new enough and can make an environment. */
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
  return stop(`${tried.join("; ")}; expected Python ${PYTHON.join(".")} or later with venv. Install it, or name one: ESTA_PYTHON=/path/to/python3 npm run lab.\nWithout Python, notebooks run with: node dist/cli.js notebook run notebooks/00-start.ipynb -o executed.ipynb`);
}

function setUp() {
  const marker = join(environment, "esta-packages.txt");
  const wanted = PACKAGES.join("\n");
  if (existsSync(python) && existsSync(marker) && readFileSync(marker, "utf8") === wanted) return;
  console.log("Setting up JupyterLab in .venv/lab (a minute or two the first time)");
  if (!existsSync(python)) execFileSync(findPython(), ["-m", "venv", environment], { stdio: "inherit" });
  try {
    execFileSync(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...PACKAGES], { stdio: "inherit" });
  } catch {
    stop(`pip could not install ${PACKAGES.join(" and ")} (see above), expected access to a package index. Try again when there is one; what was fetched is kept.`);
  }
  writeFileSync(marker, wanted);
}

/** Folders of Jupyter, all inside the environment; the kernel is found where it lies in the repository. */
function jupyterVariables() {
  const inside = (name) => {
    const folder = join(environment, "jupyter", name);
    mkdirSync(folder, { recursive: true });
    return folder;
  };
  return {
    ...process.env,
    JUPYTER_PATH: join(root, "jupyter"), JUPYTER_DATA_DIR: inside("data"), JUPYTER_CONFIG_DIR: inside("config"), JUPYTER_RUNTIME_DIR: inside("runtime"),
    JUPYTERLAB_SETTINGS_DIR: inside("settings"), JUPYTERLAB_WORKSPACES_DIR: inside("workspaces"), IPYTHONDIR: inside("ipython"),
  };
}

/** No news from the network; only the kit's kernel in the launcher. */
function writeSettings(variables) {
  const pages = join(variables.JUPYTER_CONFIG_DIR, "labconfig");
  mkdirSync(pages, { recursive: true });
  writeFileSync(join(pages, "page_config.json"), `${JSON.stringify({ disabledExtensions: { "@jupyterlab/apputils-extension:announcements": true } }, null, 2)}\n`);
  writeFileSync(join(variables.JUPYTER_CONFIG_DIR, "jupyter_server_config.json"), `${JSON.stringify({ KernelSpecManager: { allowed_kernelspecs: ["esta"], ensure_native_kernel: false } }, null, 2)}\n`);
}

if (!existsSync(join(root, "dist", "kernel", "main.js"))) stop("dist/kernel/main.js is not there, expected the built kit. Build it: npm ci && npm run build");
setUp();
const variables = jupyterVariables();
writeSettings(variables);
const isTrial = process.argv.includes("--check");
if (isTrial) {
  execFileSync(python, ["-m", "jupyter", "kernelspec", "list"], { stdio: "inherit", env: variables });
} else {
  console.log("JupyterLab opens with notebooks/00-start.ipynb; stop it with Ctrl-C.");
  const lab = spawn(python, ["-m", "jupyterlab", `--ServerApp.root_dir=${root}`, "--LabApp.default_url=/lab/tree/notebooks/00-start.ipynb", ...(process.getuid?.() === 0 ? ["--allow-root"] : []), ...process.argv.slice(2)], { stdio: "inherit", env: variables });
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => lab.kill(signal));
  lab.on("exit", (code, signal) => process.exit(code ?? (signal === null ? 1 : 0)));
}
