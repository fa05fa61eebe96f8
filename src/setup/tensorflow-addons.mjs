/**
 * @file Compiles the package's binding against TensorFlow's library. Both speak Node-API, so one build serves Node 20 and every later one,
 * and Node's headers come from a package.
 */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

/** The command of a C++ compiler, or nothing. */
export function findCompiler() {
  const candidates = [process.env.CXX, "c++", "g++", "clang++"].filter((name) => name !== undefined && name !== "");
  return candidates.find((name) => spawnSync(name, ["--version"]).status === 0);
}

/**
 * Builds `built/tfjs_binding.node`, and `built/mute.node`, without which TensorFlow greets when it loads.
 *
 * @returns what went wrong, or nothing.
 */
export function buildAddons({ folder, built, packageFolder, libraries, compiler }) {
  const mac = process.platform === "darwin";
  const shared = ["-O2", "-fPIC", "-DNAPI_VERSION=8", "-I", join(folder, "node_modules", "node-api-headers", "include"), ...(mac ? ["-bundle", "-undefined", "dynamic_lookup"] : ["-shared"])];
  const sources = readdirSync(join(packageFolder, "binding")).filter((file) => file.endsWith(".cc"));
  const linked = readdirSync(libraries).filter((file) => /^libtensorflow_(cc|framework)\./.test(file));
  const binding = spawnSync(
    compiler,
    [
      "-std=c++17",
      ...shared,
      "-I",
      join(built, "include"),
      ...sources.map((file) => join(packageFolder, "binding", file)),
      ...linked.map((file) => join(libraries, file)),
      `-Wl,-rpath,${mac ? "@loader_path" : "$ORIGIN"}/tensorflow`,
      "-o",
      join(built, "tfjs_binding.node"),
    ],
    { encoding: "utf8" },
  );
  if (binding.status !== 0) return `the binding could not be compiled:\n${binding.stderr}`;
  spawnSync(compiler, ["-x", "c", ...shared, join(folder, "mute.c"), "-o", join(built, "mute.node")]);
  return undefined;
}
