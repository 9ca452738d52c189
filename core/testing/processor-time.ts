/**
 * Milliseconds of the processor that `work` needs. Unlike the time that passes they do not grow with what other
 * processes do; threads of this one count.
 */
export async function processorMs(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
