/**
 * @file `npm run lab`: JupyterLab with the kit's TypeScript kernel, from a Python environment inside the project.
 *
 *   npm run lab                          builds the kit and sets up JupyterLab where they are missing, opens notebooks/00-start.ipynb
 *   npm run lab -- --check               sets up, opens nothing
 *   npm run lab -- --no-browser --port 8899          further options go to JupyterLab
 *   npm run lab -- papermill in.ipynb out.ipynb -p steps 40      a program of the environment
 *
 * Nothing outside the project changes, and a second call only starts.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { python, root, SetupError, setUp } from "./lab-environment.mjs";

const given = process.argv.slice(2);
const program = given[0]?.startsWith("-") === false ? given[0] : undefined;

/** Runs a program in the foreground; Ctrl-C reaches it, and its exit code is this one's. */
function become(command, args, env) {
  const child = spawn(command, args, { stdio: "inherit", env });
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    console.error(`lab: ${command} could not be started (${error.message}), expected a program of .venv/lab such as jupyter or papermill.`);
    process.exitCode = 2;
  });
  child.on("exit", (code, signal) => process.exit(code ?? (signal === null ? 1 : 0)));
}

/** A fresh clone is not built: the steps for that stand in reproduce.sh. */
function buildWhereMissing() {
  const isBuilt = () => existsSync(join(root, "dist", "kernel", "main.js"));
  if (isBuilt()) return;
  spawnSync("bash", [join(root, "reproduce.sh"), "setup"], { stdio: "inherit" });
  if (!isBuilt()) throw new SetupError("dist/kernel/main.js is not there and ./reproduce.sh setup could not build it (see above), expected the built kit. Build it: npm ci && npm run build");
}

try {
  buildWhereMissing();
  const variables = await setUp();
  if (given[0] === "--check") {
    console.log("JupyterLab is set up in .venv/lab, with the kernel TypeScript (esta). Open it: npm run lab");
  } else if (program !== undefined) {
    become(program, given.slice(1), variables);
  } else {
    console.log("JupyterLab opens with notebooks/00-start.ipynb; stop it with Ctrl-C.");
    const asRoot = process.getuid?.() === 0 ? ["--allow-root"] : [];
    const usual = [`--ServerApp.root_dir=${root}`, "--LabApp.default_url=/lab/tree/notebooks/00-start.ipynb"].filter((option) => !given.some((other) => other.split("=")[0] === option.split("=")[0]));
    become(python, ["-m", "jupyterlab", ...usual, ...asRoot, ...given], variables);
  }
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`lab: ${error.message}`);
  process.exitCode = 2;
}
