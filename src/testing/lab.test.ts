import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { packageRoot } from "../experiments/package-root.js";
import { readNotebook } from "../kernel/notebook-file.js";
import { isLabSetUp, runInLab } from "./lab-server.js";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "esta-lab-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the command in a copy of the project that has what it needs, with only the programs that a test gives on the path. */
function lab(args: readonly string[], programs: Readonly<Record<string, string>> = {}): { exitCode: number | null; out: string; err: string } {
  for (const part of ["src/setup/lab.mjs", "src/setup/lab-environment.mjs", "jupyter"]) cpSync(join(packageRoot, part), join(folder, part), { recursive: true });
  mkdirSync(join(folder, "bin"));
  for (const [name, body] of Object.entries(programs)) {
    writeFileSync(join(folder, "bin", name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(folder, "bin", name), 0o755);
  }
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, "src/setup/lab.mjs"), ...args], { encoding: "utf8", env: { PATH: join(folder, "bin") } });
  return { exitCode: status, out: stdout, err: stderr };
}
function build(): void {
  mkdirSync(join(folder, "dist", "kernel"), { recursive: true });
  writeFileSync(join(folder, "dist", "kernel", "main.js"), "");
}

const help =
  "expected Python 3.11 or later with venv. Install it, or name one: ESTA_PYTHON=/path/to/python3 npm run lab\n" +
  "Without Python, notebooks run with: node dist/cli.js notebook run notebooks/00-start.ipynb -o executed.ipynb\n";

test("a kit that is not built and cannot be is told before anything is set up", () => {
  const bash = 'echo "reproduce: Node with npm was not found" >&2; exit 1';
  const err = "reproduce: Node with npm was not found\nlab: dist/kernel/main.js is not there and ./reproduce.sh setup could not build it (see above), expected the built kit. Build it: npm ci && npm run build\n";
  expect(lab(["--check"], { bash })).toEqual({ exitCode: 2, out: "", err });
  expect(existsSync(join(folder, ".venv"))).toBe(false);
});

test("a fresh clone is built first", () => {
  const bash = 'echo "$@"; mkdir -p "${1%/*}/dist/kernel"; : > "${1%/*}/dist/kernel/main.js"';
  const { out, err } = lab(["--check"], { bash, mkdir: 'exec /bin/mkdir "$@"' });
  expect(out).toBe(`${join(folder, "reproduce.sh")} setup\n`);
  expect(err).toBe(`lab: python3 is not there; python is not there; ${help}`);
});

test("a machine without Python is told what to install and what works without it", () => {
  build();
  expect(lab(["--check"])).toEqual({ exitCode: 2, out: "", err: `lab: python3 is not there; python is not there; ${help}` });
});

test("a Python that is too old and one without venv are named", () => {
  build();
  const programs = { python3: "echo 3.9", python: "echo no module named ensurepip >&2; exit 1" };
  expect(lab(["--check"], programs).err).toBe(`lab: python3 is 3.9; python lacks venv or ensurepip (Debian: apt install python3-venv); ${help}`);
});

test("a failed installation leaves an environment that the next call makes anew", () => {
  build();
  // A Python whose environments have a pip that finds no index.
  const inner = 'mkdir -p "$4/bin" && printf \'#!/bin/sh\\necho "no index" >&2\\nexit 1\\n\' > "$4/bin/python" && chmod +x "$4/bin/python"';
  const programs = { python3: `if [ "$1" = -c ]; then echo 3.12; else ${inner}; fi`, mkdir: 'exec /bin/mkdir "$@"', chmod: 'exec /bin/chmod "$@"' };
  const { exitCode, err } = lab(["--check"], programs);
  expect(exitCode).toBe(2);
  expect(err).toBe("no index\nlab: pip could not install what jupyter/requirements.txt lists (see above), expected a package index that it can reach. Run it again when there is one; what was fetched is kept.\n");
  expect(existsSync(join(folder, ".venv", "lab", "installed.txt"))).toBe(false);
});

test("every required package has its version among the constraints, and no address is in either list", () => {
  const [requirements = "", constraints = ""] = ["requirements.txt", "constraints.txt"].map((name) => readFileSync(join(packageRoot, "jupyter", name), "utf8"));
  for (const line of requirements.split("\n").filter((text) => /^[a-z]/.test(text))) expect(constraints.split("\n")).toContain(line);
  for (const line of constraints.trim().split("\n")) expect(line).toMatch(/^[A-Za-z0-9._-]+==[A-Za-z0-9.]+$/);
  expect(requirements).not.toMatch(/:\/\/|@/);
});

test("the committed kernelspec names no folder of this machine and finds the kernel from where it lies", () => {
  const text = readFileSync(join(packageRoot, "jupyter", "kernels", "esta", "kernel.json"), "utf8");
  const { argv, interrupt_mode: mode, language } = JSON.parse(text) as { argv: string[]; interrupt_mode: string; language: string };
  expect(argv.filter((part) => part.startsWith("/"))).toEqual([]);
  expect(argv).toContain("{resource_dir}/../../../dist/kernel/main.js");
  expect({ mode, language }).toEqual({ mode: "message", language: "typescript" });
});

const isReady = isLabSetUp();
if (!isReady) console.log("skipped: JupyterLab's own programs with the kernel, since .venv/lab or dist is not there; npm run lab -- --check makes it");

test.skipIf(!isReady)("a second call changes nothing and ends at once; the viewer of figures is on, news from the network are off", () => {
  const began = performance.now();
  expect(runInLab(["--check"]).out).toBe("JupyterLab is set up in .venv/lab, with the kernel TypeScript (esta). Open it: npm run lab\n");
  expect(performance.now() - began).toBeLessThan(10_000);
  const { out, err } = runInLab(["jupyter", "labextension", "list"]);
  expect(out + err).toMatch(/jupyterlab-plotly v7\S* .*enabled.*OK/);
  expect(out + err).toMatch(/Disabled extensions:\s+@jupyterlab\/apputils-extension:announcements/);
  const { kernelspecs } = JSON.parse(runInLab(["jupyter", "kernelspec", "list", "--json"]).out) as { kernelspecs: Record<string, { spec: { argv: string[] } }> };
  expect(kernelspecs["esta"]?.spec.argv).toContain(join(packageRoot, "dist", "kernel", "main.js"));
});

/** A Python program that talks with a kernel of its own as `client`, and ends it. */
function clientScript(...lines: readonly string[]): string {
  return ["from jupyter_client.manager import start_new_kernel", "manager, client = start_new_kernel(kernel_name='esta')", ...lines, "client.stop_channels()", "manager.shutdown_kernel()"].join("\n");
}

test.skipIf(!isReady)("other programs find the kernel through the environment's Python alone, from any folder", { timeout: 120_000 }, () => {
  const script = clientScript(
    "from jupyter_client.kernelspec import KernelSpecManager",
    "print('esta' in KernelSpecManager().find_kernel_specs())",
    "client.execute_interactive('import { stitchSpace } from \"esta\";\\nstitchSpace([12, 12, 12]).stitches.length', timeout=60, output_hook=lambda message: message['msg_type'] == 'execute_result' and print(message['content']['data']['text/plain']))",
  );
  const environment = join(packageRoot, ".venv", "lab");
  const { stdout, stderr } = spawnSync(join(environment, "bin", "python"), ["-c", script], { encoding: "utf8", cwd: folder, env: { PATH: process.env["PATH"], HOME: folder } });
  expect(stdout, stderr).toBe("True\n71\n");
  // Front ends that fill in nothing but the connection file can start it, too.
  const { argv } = JSON.parse(readFileSync(join(environment, "share", "jupyter", "kernels", "esta", "kernel.json"), "utf8")) as { argv: string[] };
  expect(argv.filter((part) => part.includes("{"))).toEqual(["{connection_file}"]);
});

test.skipIf(!isReady)("a busy kernel that is restarted tells that its cell has ended, or Jupyter Server would take the next one for busy", { timeout: 120_000 }, () => {
  const script = clientScript(
    "cell = client.execute('for (;;) {}')",
    "states = []",
    "def until(wanted):",
    "    while not states or states[-1] != wanted:",
    "        message = client.get_iopub_msg(timeout=20)",
    "        if message['msg_type'] == 'status' and message['parent_header'].get('msg_id') == cell: states.append(message['content']['execution_state'])",
    "until('busy')",
    "manager.restart_kernel()",
    "until('idle')",
    "print(states)",
  );
  const { out, err } = runInLab(["python", "-c", script]);
  expect(out, err).toBe("['busy', 'idle']\n");
});

test.skipIf(!isReady)("the protocol's own tests of kernels pass", { timeout: 300_000 }, () => {
  const { err } = runInLab(["python", join(packageRoot, "src", "testing", "jupyter_kernel_tests.py")]);
  expect(err).toMatch(/Ran 1\d tests in/);
  expect(err).toMatch(/OK( \(skipped=\d+\))?\s*$/);
});

test.skipIf(!isReady)("papermill gives a notebook parameters; a wrong type is a compile error and stops it", { timeout: 180_000 }, () => {
  const code = (source: string, tags: string[]) => ({ cell_type: "code", id: tags[0] ?? "result", metadata: { tags }, source, outputs: [], execution_count: null });
  const cells = [code('let steps = 10; // of training\nlet task: string = "digits";\nlet share = 0.5;', ["parameters"]), code("`${task}: ${steps + 1} ${share}`", [])];
  const kernelspec = { name: "esta", display_name: "TypeScript (esta)", language: "typescript" };
  const [given, made] = [join(folder, "given.ipynb"), join(folder, "made.ipynb")];
  writeFileSync(given, JSON.stringify({ cells, metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5 }));
  const good = runInLab(["papermill", given, made, "-p", "steps", "40", "-p", "task", 'it\'s "x"', "-p", "share", "0.25"]);
  expect(good.exitCode, good.err).toBe(0);
  expect(readNotebook(made).cells.at(-1)?.outputs).toMatchObject([{ data: { "text/plain": ["`it's \"x\": 41 0.25`"] } }]);
  const bad = runInLab(["papermill", given, made, "-p", "steps", "many"]);
  expect(bad.exitCode).toBe(1);
  expect(bad.err).toContain("Type 'string' is not assignable to type 'number'.");
  expect(runInLab(["papermill", "--help-notebook", given]).out).toMatch(/steps: Unknown type \(default 10\)\s+of training/);
});
