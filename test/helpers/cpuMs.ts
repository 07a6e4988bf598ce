/** The CPU time of this thread so far, in milliseconds. It measures our own work, even if the machine is busy with other things. */
export function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
