import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { generationPath } from '../../plugin/cache/manifest/generations.ts';
import { JournalLog } from '../../plugin/cache/manifest/journalLog.ts';
import { inKeyOrder } from '../../plugin/cache/manifest/keyOrder.ts';
import { IMAGES_DIR, JOURNAL_DIR, TMP_DIR, imagePath } from '../../plugin/cache/files/layout.ts';
import { publishManifest } from '../../plugin/cache/manifest/publishManifest.ts';
import { serializeManifest, writeSnapshot } from '../../plugin/cache/manifest/snapshot.ts';
import type { ManifestEntry } from '../../plugin/protocol.ts';

const ACTORS = 1000;
export const PREFIX = '.image-cache/';

/** Bytes of the n-th image. Only a few of them are written when a directory is seeded. */
function bytesOf(n: number): Buffer {
  return Buffer.alloc(2000, `image ${n} `);
}

/** The n-th of many entries, as long as real ones are. */
export function manyEntry(n: number): ManifestEntry {
  const actor_id = String(n % ACTORS).padStart(4, '0');
  const s3_url = `https://team-photos.s3.eu-central-1.amazonaws.com/${actor_id}/originals/photo-${n}.jpg`;
  const sha256 = createHash('sha256').update(bytesOf(n)).digest('hex');
  return {
    s3_url,
    local_path: PREFIX + imagePath({ actorId: actor_id, key: s3_url, sha256, extension: 'jpg' }),
    cached_at: 1_729_176_000_000 + n,
    size_bytes: 2000,
    actor_id,
    filename: `photo-${n}.jpg`,
    etag: `"${sha256.slice(0, 32)}"`,
    sha256,
    content_type: 'image/jpeg',
    width: 2048,
    height: 1365,
    last_used_at: 1_729_176_000_000 + n,
  };
}

/** A cache directory with a manifest of so many entries, and the files of the first few of them. */
export async function seedDirectory(dir: string, count: number, files: number): Promise<void> {
  for (const folder of [JOURNAL_DIR, TMP_DIR, IMAGES_DIR]) await mkdir(join(dir, folder), { recursive: true });
  const entries = Array.from({ length: count }, (_, n) => manyEntry(n));
  await JournalLog.create(dir, 1);
  const content = serializeManifest(await inKeyOrder(entries), {
    lastUpdated: Date.now(),
    state: {
      position: { generation: 1, offset: 0 },
      pinnedActors: [],
      removals: { removedAt: 0, invalidatedAt: 0 },
      totals: { images: count, bytes: 0 },
    },
  });
  await writeSnapshot(dir, generationPath(dir, 1, 'snap'), content);
  await publishManifest(dir);
  for (const [n, { local_path }] of entries.slice(0, files).entries()) {
    const path = join(dir, local_path.slice(PREFIX.length));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytesOf(n));
  }
}
