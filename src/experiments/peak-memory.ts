/**
 * @file The most memory that this process has held.
 */
import { existsSync, readFileSync } from "node:fs";

const STATUS = "/proc/self/status";

/** Bytes held in memory at most. On Linux what a parent process held is not counted, as it is in the system's own figure for children (`ru_maxrss`). */
export function peakMemoryBytes(): number {
  const found = existsSync(STATUS) ? /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(STATUS, "utf8")) : null;
  // maxRSS is in kilobytes, whatever the platform.
  return 1024 * (found === null ? process.resourceUsage().maxRSS : Number(found[1]));
}
