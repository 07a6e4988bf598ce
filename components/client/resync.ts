import type { LookupAnswer, LookupRequest } from '../../plugin/protocol.ts';
import { postJson } from './api.ts';
import type { CacheClient } from './cacheClient.ts';

/** Maximum number of URLs in one call. They are canonical, so they have about 50 kB. */
const MAX_URLS = 500;

/**
 * After events were missed, asks the server about all images that this page believes to be cached. Those that are gone or have changed are
 * announced as invalidated; nothing else changes on the screen.
 */
export async function resync(client: CacheClient): Promise<void> {
  const known = [...new Map(client.known.entries().map((entry) => [entry.s3_url, entry])).values()];
  try {
    for (let start = 0; start < known.length; start += MAX_URLS) {
      const part = known.slice(start, start + MAX_URLS);
      const body: LookupRequest = { urls: part.map(({ s3_url }) => s3_url) };
      const { entries } = await postJson<LookupAnswer>(client.baseUrl, '/lookup', body);
      const changed = part.filter(({ s3_url, sha256 }) => entries[s3_url]?.sha256 !== sha256);
      if (changed.length > 0) client.take({ type: 'invalidated', s3_urls: changed.map(({ s3_url }) => s3_url) });
    }
  } catch {
    // If the server cannot be reached, the connection is lost as well, and the next one says again that events were missed.
  }
}
