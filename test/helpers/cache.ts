import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ImageCache } from '../../plugin/cache/imageCache.ts';
import type { ImageCacheSettings } from '../../plugin/cache/imageCacheSettings.ts';
import type { ImageRef } from '../../plugin/cache/injected/source.ts';
import { temporaryDirectory } from './directory.ts';
import { MemorySource } from './memorySource.ts';

/** Bytes that differ by name, of any length. */
export function bytesOf(name: string, length = 2000): Buffer {
  const seed = createHash('sha256').update(name).digest();
  return Buffer.alloc(length, seed);
}

export interface TestCache {
  cache: ImageCache;
  source: MemorySource;
  dir: string;
  warnings: string[];
}

type TestSettings = Partial<ImageCacheSettings<ImageRef>> & { source?: MemorySource };

/** A cache on a real directory in front of an origin in memory; all bytes count as a PNG. */
export async function openCache(settings: TestSettings = {}): Promise<TestCache> {
  const opened = createCache({ ...settings, dir: settings.dir ?? join(await temporaryDirectory(), '.image-cache') });
  onTestFinished(() => opened.cache.close());
  return opened;
}

/** The same, but the caller has to close it. */
export function createCache(settings: TestSettings & { dir: string }): TestCache {
  const source = settings.source ?? new MemorySource((name) => bytesOf(name));
  const warnings: string[] = [];
  const cache = new ImageCache({
    prefix: '.image-cache/',
    maxSize: 1e9,
    maxEntries: 1e6,
    memoryMaxSize: 1e8,
    concurrency: 16,
    durability: 'process',
    inspect: () => ({ contentType: 'image/png', extension: 'png', width: 1, height: 1 }),
    logger: { debug: undefined, info: () => undefined, warn: (message) => warnings.push(message) },
    ...settings,
    source,
  });
  return { cache, source, dir: settings.dir, warnings };
}
