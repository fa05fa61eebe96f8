/**
 * @file The processor's time, which other work on the machine does not lengthen.
 */

/** Seconds that the threads of this process have spent together since `process.cpuUsage()` gave `before`. */
export function processorSeconds(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
