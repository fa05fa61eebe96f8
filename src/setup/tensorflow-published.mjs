/**
 * @file TensorFlow's C library and the compiled binding as published for the packages for Node: version 2.9.1, for cards CUDA 11.
 */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";

/** How long the first byte may take. */
const PATIENCE_MS = 4000;

const host = process.env.TFJS_NODE_CDN_STORAGE ?? process.env.CDN_STORAGE ?? "https://storage.googleapis.com/";

/** Whether the library of this platform answers within seconds. */
export async function publishedIsReachable(device) {
  const system = { "linux-x64": "linux-x86_64", "darwin-x64": "darwin-x86_64", "win32-x64": "windows-x86_64" }[`${process.platform}-${process.arch}`];
  if (system === undefined) return false;
  const ending = process.platform === "win32" ? "zip" : "tar.gz";
  const url = `${host}tensorflow/libtensorflow/libtensorflow-${process.platform === "darwin" ? "cpu" : device}-${system}-2.9.1.${ending}`;
  try {
    return (await fetch(url, { method: "HEAD", signal: AbortSignal.timeout(PATIENCE_MS) })).ok;
  } catch {
    return false;
  }
}

/** Runs the package's own install step afresh. @returns what went wrong, or nothing. */
export function buildPublished(folder, packageName) {
  const npm = process.env.npm_execpath;
  const parameters = ["rebuild", packageName, "--foreground-scripts", "--loglevel=error"];
  const how = { cwd: folder, stdio: ["ignore", "inherit", "inherit"], timeout: 900_000 };
  removePublished(folder, packageName);
  const { status } =
    npm !== undefined && npm.endsWith(".js") ? spawnSync(process.execPath, [npm, ...parameters], how) : spawnSync("npm", parameters, { ...how, shell: process.platform === "win32" });
  return status === 0 ? undefined : "the published library could not be installed (see above)";
}

/** Removes what the install step has fetched and built: it would take a half of it for the whole. */
export function removePublished(folder, packageName) {
  for (const part of ["deps", "lib", "build"]) rmSync(join(folder, "node_modules", packageName, part), { recursive: true, force: true });
}
