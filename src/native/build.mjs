/**
 * @file Builds the native backend: `cargo build --release`, then the library beside this file as esta_native.node.
 *
 * Exit codes: 0 built or up to date; 1 the build failed; 3 no cargo, or one that is too old. The kit runs without this library,
 * on the slower backends `wasm` and `cpu`.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const OLDEST_RUST = [1, 89];
const here = dirname(fileURLToPath(import.meta.url));
const library = join(here, "esta_native.node");
const built = { win32: "esta_native.dll", darwin: "libesta_native.dylib" }[process.platform] ?? "libesta_native.so";

const force = process.argv.includes("--force");
const sources = ["Cargo.toml", "Cargo.lock", "build.rs", ...readdirSync(join(here, "src")).map((name) => join("src", name))];
const newest = Math.max(...sources.map((name) => statSync(join(here, name)).mtimeMs));
if (!force && existsSync(library) && statSync(library).mtimeMs > newest && loads()) {
  console.log("native backend: up to date");
  process.exit(0);
}

const version = spawnSync("cargo", ["--version"], { encoding: "utf8" });
const fallback = "Without it the kit runs on the backends wasm and cpu, slower. Install Rust from https://rustup.rs and run: npm run build:native";
if (version.error !== undefined || version.status !== 0) {
  console.error(`native backend: not built, cargo was not found. ${fallback}`);
  process.exit(3);
}
const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(version.stdout) ?? []).slice(1).map(Number);
if (major < OLDEST_RUST[0] || (major === OLDEST_RUST[0] && minor < OLDEST_RUST[1])) {
  console.error(`native backend: not built, ${version.stdout.trim()} was found and Rust ${OLDEST_RUST.join(".")} or newer is needed. ${fallback}`);
  process.exit(3);
}

console.log("native backend: building with cargo (about a minute the first time)");
const target = join(here, "target");
const build = spawnSync("cargo", ["build", "--release", "--locked", "--target-dir", target], { cwd: here, stdio: "inherit" });
if (build.status !== 0) {
  console.error(`native backend: cargo build failed (see above). ${fallback}`);
  process.exit(1);
}
// Copied under another name and renamed, so that a running process keeps the file it has mapped.
const temporary = `${library}.${process.pid}.tmp`;
rmSync(temporary, { force: true });
copyFileSync(join(target, "release", built), temporary);
renameSync(temporary, library);
if (!loads()) {
  console.error(`native backend: ${library} was built but Node ${process.version} cannot load it.`);
  process.exit(1);
}
console.log(`native backend: built ${library}`);

/** Loads the library in a process of its own: a library of another platform must not take this one down. */
function loads() {
  return spawnSync(process.execPath, ["-e", "require(process.argv[1]).version()", library]).status === 0;
}
