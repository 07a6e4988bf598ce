/**
 * A server of the bench, in a process of its own: `node test/bench/server.ts <kind> <options as JSON>`. Prints `{ port }`
 * when it listens, answers each line on standard input with what it has used, and ends when standard input does.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { startServer } from './servers/kinds.ts';

export interface Usage {
  /** Processor time since the start. */
  cpuSeconds: number;
  rssBytes: number;
  /** Of objects in V8's heap, and of buffers beside it. */
  heapBytes: number;
  bufferBytes: number;
  /** The highest since the last question. */
  peakRssBytes: number;
  /** By how much the event loop was late since the last question: the 99th of 100 looks. */
  delayP99Ms: number;
}

const RESOLUTION_MS = 10;
const [kind = '', options = '{}'] = process.argv.slice(2);

// Ctrl-C reaches every process of the terminal; the bench ends its servers by itself, and in order.
process.on('SIGINT', () => undefined);
const { port, close } = await startServer(kind, JSON.parse(options));

const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();
let peakRssBytes = 0;
setInterval(() => {
  peakRssBytes = Math.max(peakRssBytes, process.memoryUsage.rss());
}, 20).unref();

const say = (answer: object) => process.stdout.write(`${JSON.stringify(answer)}\n`);
const questions = createInterface({ input: process.stdin });
questions.on('line', () => say(report()));
questions.on('close', () => void close().finally(() => process.exit()));
say({ port });

function report(): Usage {
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  const { rss: rssBytes, heapUsed: heapBytes, external: bufferBytes } = process.memoryUsage();
  const usage = {
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
    rssBytes,
    heapBytes,
    bufferBytes,
    peakRssBytes: Math.max(peakRssBytes, rssBytes),
    delayP99Ms: Math.max(0, delay.percentile(99) / 1e6 - RESOLUTION_MS),
  };
  peakRssBytes = 0;
  delay.reset();
  return usage;
}
