import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type { ImageCache } from '../../plugin/cache/imageCache.ts';
import type { CacheEvent, ManifestEntry } from '../../plugin/protocol.ts';
import { type AnyCrashPointName, armCrashPoint } from './crashPoints.ts';
import { versionOf } from './origin.ts';

/** The result of a read. */
export interface Seen {
  /** The version, which the bytes contain. */
  version: number;
  /** The digest of the bytes. */
  sha256: string;
  entry: ManifestEntry;
}

/** The commands that a parent can send to a process: see `cacheProcess.ts`. */
export function createCommands(cache: ImageCache, told: (event: CacheEvent) => void) {
  const seen = ({ entry, body }: { entry: ManifestEntry; body: Buffer }): Seen => ({
    version: versionOf(body).version,
    sha256: createHash('sha256').update(body).digest('hex'),
    entry,
  });
  const readUrl = async (name: string, actorId?: string) => seen(await cache.readUrl(`mem:${name}`, { actorId }));
  return {
    readUrl,
    /** Sends this many requests one right after the other, as a network would. */
    burst: async (name: string, count: number) => {
      const reads: Promise<Seen>[] = [];
      for (let n = 0; n < count; n += 1) {
        reads.push(readUrl(name));
        await setImmediate();
      }
      return Promise.all(reads);
    },
    readPath: async (path: string) => seen(cache.peek(path) ?? (await cache.readPath(path))),
    prefetch: (name: string, actorId = 'default') => cache.prefetch({ s3_url: `mem:${name}` }, actorId),
    revalidate: (name: string) => cache.prefetch({ s3_url: `mem:${name}` }, 'default', { revalidate: true }),
    lookup: async (name: string) => (await cache.lookup([`mem:${name}`]))[0],
    invalidate: (name: string) => cache.invalidate(`mem:${name}`),
    clear: (actorId?: string) => cache.clear(actorId),
    importPack: (path: string) => cache.importPack(createReadStream(path)),
    verify: () => cache.verify(),
    stats: () => cache.stats(),
    watch: () => Promise.resolve(void cache.onEvent(told)),
    idle: (ms: number) => sleep(ms),
    /** Moves the clock of the process forward, or back. */
    shiftClock: (ms: number) => {
      const { now } = Date;
      Date.now = () => now() + ms;
      return Promise.resolve();
    },
    /** Kills or stops the process when it reaches the point for the n-th time. */
    dieAt: (point: AnyCrashPointName, times = 1) => Promise.resolve(armCrashPoint(point, times)),
    stopAt: (point: AnyCrashPointName, times = 1) => Promise.resolve(armCrashPoint(point, times, 'SIGSTOP')),
    close: () => cache.close(),
  };
}

export type Commands = ReturnType<typeof createCommands>;
