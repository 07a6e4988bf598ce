import { type Check, ok, type Finding } from '../../check.ts';
import type { Installation } from '../../installation.ts';

/** Pages that use `<img src>` with a URL of S3 never ask the cache. */
export function requestsCheck({ cache }: Installation): Check {
  return {
    id: 'server.requests',
    group: 'server',
    title: 'Pages ask the cache',
    run(): Finding {
      const count = cache.requestCount;
      if (count > 0) return ok(`${count.toLocaleString('en')} images were requested since the start.`);
      return {
        ...ok('No image was requested since the start.'),
        hint: 'If a page with pictures is open, look at how it shows them: <CachedImage>, or the `src` of useCachedImage; an <img> with a URL of S3 goes past the cache.',
      };
    },
  };
}
