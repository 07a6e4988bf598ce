import { cpuMs } from './cpuMs.ts';

/** What the work below takes on the machine on which the limits of the tests were set, when it does nothing else. In milliseconds. */
const REFERENCE_MS = 20;
const ROUNDS = 5;

/** How many times longer the machine takes than the one on which the limits were set; at least 1. */
export interface Slowness {
  /** By the time of the processor: for what a thread does itself. */
  cpu: number;
  /** By the clock: for what also has to wait until other processes have had their turn. */
  clock: number;
}

/**
 * Compares the machine, as it is at the moment, with the one on which the limits of the tests were set. A limit that is
 * multiplied by this says the same on a slow machine, and on one that does other things meanwhile. Takes about a tenth of
 * a second where nothing else runs.
 */
export function slowness(): Slowness {
  const cpu: number[] = [];
  const clock: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const [cpuBefore, clockBefore] = [cpuMs(), performance.now()];
    work();
    cpu.push(cpuMs() - cpuBefore);
    clock.push(performance.now() - clockBefore);
  }
  return { cpu: Math.max(1, median(cpu) / REFERENCE_MS), clock: Math.max(1, median(clock) / REFERENCE_MS) };
}

/** Of the kind that the cache does: texts, objects, and the memory for them. */
function work(): number {
  const entries = Array.from({ length: 20_000 }, (_, n) => ({ s3_url: `https://photos.test/${n}.jpg`, size_bytes: n }));
  const byUrl = new Map((JSON.parse(JSON.stringify(entries)) as typeof entries).map((entry) => [entry.s3_url, entry]));
  return byUrl.size;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}
