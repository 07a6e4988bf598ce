import type { Source } from '../cache/index.ts';
import { ImageCacheError } from '../errors.ts';
import { createLocate } from './locate.ts';
import type { S3Object } from './s3Object.ts';
import { createIdentify } from './s3Url.ts';
import type { S3SourceOptions } from './s3Source.ts';

/**
 * A source that knows which object a URL is of, and has none of them. There is nothing behind it that could open a socket, look up a name or
 * search for credentials.
 */
export function createOfflineSource(options: Pick<S3SourceOptions, 'buckets' | 'resolveKey'>): Source<S3Object> {
  return {
    isOffline: true,
    identify: createIdentify(options),
    locate: createLocate(options.buckets),
    async download() {
      throw new ImageCacheError('OFFLINE_MISS', 'The image is not in the cache, which is offline by choice.', {
        hint: 'Record it: open the page with IMAGE_CACHE_OFFLINE=0, run `npx vite-plugin-image-cache warm <cacheDir>/missed.txt`, or import a pack that has it.',
      });
    },
    close() {},
  };
}
