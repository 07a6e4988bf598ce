import type { Processes } from './processes.ts';

/** What a server was asked for, again and again. */
export interface Question {
  url: string;
  headers?: Record<string, string>;
  /** A file of wrk's own Lua, which decides what is asked for at that server. */
  script?: string;
}

export interface Load {
  requestsPerSecond: number;
  p99Ms: number;
}

const MS = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

/** Runs `wrk -t1 -c32` for so many seconds. @throws Error when anything but 2xx or 3xx came back */
export async function runWrk(
  processes: Processes,
  wrk: string,
  { url, headers = {}, script }: Question,
  seconds: number,
): Promise<Load> {
  const fields = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const output = await processes.run(wrk, [
    '-t1',
    '-c32',
    `-d${seconds}s`,
    '--latency',
    ...fields,
    ...(script === undefined ? [] : ['-s', script]),
    url,
  ]);
  const requestsPerSecond = Number(/^Requests\/sec:\s+([\d.]+)$/m.exec(output)?.[1]);
  const [, p99, unit] = /^\s+99%\s+([\d.]+)(us|ms|s|m)$/m.exec(output) ?? [];
  if (/Non-2xx/.test(output) || !(requestsPerSecond > 0)) throw new Error(`${url} was answered badly:\n${output}`);
  return { requestsPerSecond, p99Ms: Number(p99) * (MS[unit as keyof typeof MS] ?? Number.NaN) }; // matched just above
}
