import { type Check, ok } from '../../check.ts';
import { bytesText, durationText } from '../../texts.ts';
import type { ImageFacts } from './facts.ts';

/** Looks, and counts nothing. */
export function cachedCheck({ object, installation: { cache, options, probes } }: ImageFacts): Check {
  return {
    id: 'image.cached',
    group: 'image',
    title: 'What the cache has of it',
    after: ['image.identity'],
    async run() {
      const { entry, isCertain, missing } = await cache.glance(object);
      if (entry === undefined) {
        return ok(
          isCertain
            ? `Nothing${missing === undefined ? '' : ` (${missing})`}, ${options.offline ? 'and S3 is not asked for it: OFFLINE_MISS.' : 'so the next request downloads it.'}`
            : 'It is not in the last snapshot of the manifest. A server that uses the cache may know more: ask its GET /doctor?url=…',
        );
      }
      const age = durationText(probes.now() - entry.cached_at);
      return ok(`${bytesText(entry.size_bytes)} in ${entry.local_path}, since ${age} ago.`);
    },
  };
}
