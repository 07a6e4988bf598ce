import { existsSync } from 'node:fs';
import { cacheLocation, type ImageCache } from '../cache/index.ts';
import { createCache } from '../createCache.ts';
import { ImageCacheError } from '../errors.ts';
import { createLogger } from '../logger.ts';
import type { Configuration } from './configuration.ts';
import { INTERRUPTED, type Io } from './io.ts';

/**
 * Opens the cache for one task, beside whatever else uses its directory, and closes it, also after Ctrl+C.
 * @param isMade whether a directory that does not exist is an error
 * @returns what the task returns
 * @throws ImageCacheError
 */
export async function withCache(
  { options, root }: Configuration,
  io: Io,
  isMade: 'must exist' | 'may be made',
  task: (cache: ImageCache) => Promise<number>,
): Promise<number> {
  const { dir } = cacheLocation(root, options.cacheDir);
  if (isMade === 'must exist' && !existsSync(dir)) {
    throw new ImageCacheError('NOT_FOUND', `There is no cache in ${dir}.`, {
      hint: 'It is made by the first image. Name another one by --dir.',
    });
  }
  const say = (message: string) => io.say(message);
  const logger = createLogger(options.logLevel === 'info' ? 'warn' : options.logLevel, { info: say, warn: say });
  const cache = createCache(options, root, logger);
  const interrupted = new Promise<number>((done) => {
    if (io.signal.aborted) done(INTERRUPTED);
    io.signal.addEventListener('abort', () => done(INTERRUPTED), { once: true });
  });
  try {
    return await Promise.race([task(cache), interrupted]);
  } finally {
    await cache.close();
  }
}
