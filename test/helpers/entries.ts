import { createHash } from 'node:crypto';
import { imagePath } from '../../plugin/cache/files/layout.ts';
import type { ManifestEntry } from '../../plugin/protocol.ts';

/** A manifest entry as the cache itself would write it, for the n-th image of an actor. */
export function entryOf(n: number, overrides: Partial<ManifestEntry> = {}): ManifestEntry {
  const s3_url = `https://photos.s3.amazonaws.com/0001/${n}.jpg`;
  const sha256 = createHash('sha256').update(String(n)).digest('hex');
  const actor_id = overrides.actor_id ?? '0001';
  return {
    s3_url,
    local_path: `.image-cache/${imagePath({ actorId: actor_id, key: s3_url, sha256, extension: 'jpg' })}`,
    cached_at: 1_729_176_000_000,
    size_bytes: 1000 + n,
    actor_id,
    filename: `${n}.jpg`,
    etag: `"${n}"`,
    sha256,
    content_type: 'image/jpeg',
    last_used_at: 1_729_176_000_000,
    ...overrides,
  };
}
