/** Imported ahead of Vite: says how much processor time the process has used, in milliseconds, when Vite says where it listens. */
const write = process.stdout.write.bind(process.stdout);
process.stdout.write = ((...args: Parameters<typeof write>) => {
  const { user, system } = process.cpuUsage();
  const isWritten = write(...args);
  if (String(args[0]).includes('Local')) write(`\ncpu: ${(user + system) / 1000}\n`);
  return isWritten;
}) as typeof write; // its overloads differ in where the callback is, which is passed on as it came
