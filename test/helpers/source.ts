import type { Sink } from '../../plugin/cache/injected/source.ts';
import { ImageCacheError } from '../../plugin/errors.ts';
import type { ResolvedBucket, ResolvedOptions } from '../../plugin/options.ts';
import { systemClock, type Clock } from '../../plugin/source/clock.ts';
import type { S3SourceOptions } from '../../plugin/source/s3Source.ts';

/** A bucket as the options resolve it. */
export function bucket(name: string, rest: Partial<ResolvedBucket> = {}): ResolvedBucket {
  return {
    name,
    region: undefined,
    endpoint: undefined,
    endpointFrom: undefined,
    forcePathStyle: rest.endpoint !== undefined,
    prefix: '',
    cdn: [],
    credentials: { accessKeyId: 'AKIDTEST', secretAccessKey: 'not-a-secret' },
    ...rest,
  };
}

export function sourceOptions(buckets: ResolvedBucket[], rest: Partial<ResolvedOptions> = {}): S3SourceOptions {
  return {
    buckets,
    concurrency: 16,
    maxConcurrency: 16,
    maxImageSize: 1_000_000,
    resolveKey: undefined,
    allowPrivateAddresses: [],
    ...rest,
    timeouts: { connect: 5_000, firstByte: 15_000, idle: 10_000, total: 120_000, ...rest.timeouts },
  };
}

/** The real clock, `factor` times as fast, so that limits and pauses keep their proportions, but tests need not wait for them. */
export function fastClock(factor: number): Clock & { slept: number[] } {
  const slept: number[] = [];
  return {
    slept,
    now: () => systemClock.now() * factor,
    random: () => 0.5,
    sleep(ms, signal) {
      slept.push(ms);
      return systemClock.sleep(ms / factor, signal);
    },
  };
}

/** A sink that keeps the bytes in memory, and remembers its calls. */
export class MemorySink implements Sink {
  chunks: Uint8Array[] = [];
  resets = 0;
  /** Number of all bytes that were ever written, including those that were discarded. */
  written = 0;

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.written += chunk.length;
    this.chunks.push(chunk);
  }

  async reset(): Promise<void> {
    this.resets++;
    this.chunks = [];
  }

  begin(): void {}

  async complete(): Promise<void> {}
}

/** Returns the refusal with which a promise or a function fails. Any other result fails the test. */
export async function refusal(action: Promise<unknown> | (() => unknown)): Promise<ImageCacheError> {
  try {
    await (typeof action === 'function' ? action() : action);
  } catch (error) {
    if (error instanceof ImageCacheError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
