/**
 * @file For tests: programs of the environment that `npm run lab` sets up, and JupyterLab itself.
 */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../experiments/package-root.js";

const script = join(packageRoot, "src", "setup", "lab.mjs");

/** Whether JupyterLab is there: tests do not install it. */
export function isLabSetUp(): boolean {
  return [join(".venv", "lab", "installed.txt"), join("dist", "kernel", "main.js"), join("dist", "index.js")].every((path) => existsSync(join(packageRoot, path)));
}

/** Runs `npm run lab -- <args>` to its end. */
export function runInLab(args: readonly string[]): { exitCode: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: "utf8", cwd: packageRoot });
  return { exitCode: status, out: stdout, err: stderr };
}

/** A running JupyterLab. */
export interface LabServer {
  /** Address with port, without the token. */
  readonly url: string;
  readonly token: string;
  stop(): Promise<void>;
}

/** Starts `npm run lab` on a free port without a browser, and waits until it serves `folder`. */
export async function startLab(folder: string): Promise<LabServer> {
  const child = spawn(process.execPath, [script, "--no-browser", "--ServerApp.port=0", `--ServerApp.root_dir=${folder}`], { cwd: packageRoot, stdio: ["ignore", "pipe", "pipe"] });
  const { url, token } = await addressOf(child);
  const stop = async (): Promise<void> => {
    const ended = new Promise((done) => child.once("exit", done));
    child.kill("SIGTERM");
    await ended;
  };
  return { url, token, stop };
}

/** Reads the address that the server prints. */
async function addressOf(child: ChildProcess): Promise<{ url: string; token: string }> {
  return new Promise((resolve, reject) => {
    let printed = "";
    const read = (chunk: Buffer): void => {
      printed += chunk.toString("utf8");
      const found = /(http:\/\/127\.0\.0\.1:\d+)\/\S*\?token=(\w+)/.exec(printed);
      if (found?.[1] !== undefined && found[2] !== undefined) resolve({ url: found[1], token: found[2] });
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.once("exit", (code) => reject(new Error(`lab: the server ended with code ${String(code)}.\n${printed}`)));
  });
}
