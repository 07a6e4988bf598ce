import type { ManifestEntry } from '../../protocol.ts';
import type { BlobStore } from '../files/blobs.ts';
import type { WrittenBlob } from '../files/blobWriter.ts';
import { errnoOf } from '../files/fileError.ts';
import { insidePath } from '../files/layout.ts';
import type { ManifestStore } from '../manifest/manifestStore.ts';
import type { ImageStore } from './imageStore.ts';

export interface Replacement {
  /** What is in the manifest. */
  known: ManifestEntry;
  /** What takes its place. */
  entry: ManifestEntry;
  /** Its bytes, under a temporary name. */
  blob: WrittenBlob;
}

/**
 * Exchanges an image for other bytes: file first, then the entry, then the old file goes. What was cleared, evicted or
 * replaced meanwhile, by whomever, stays so (T59). Tells whether it did.
 */
export async function replaceImage(
  { store, blobs, imageStore }: { store: ManifestStore; blobs: BlobStore; imageStore: ImageStore },
  { known, entry, blob }: Replacement,
): Promise<boolean> {
  const twin = store.index.getByDigest(blob.sha256);
  try {
    await blobs.store(blob, entry.local_path, twin === undefined ? undefined : insidePath(twin.local_path));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false; // the directory was removed by hand, which is a way to clear it (T55)
    throw error;
  }
  const isThere = () => store.index.getByPath(entry.local_path) !== undefined;
  try {
    const { removed } = await store.append({ op: 'replace', entry, sha256: known.sha256 });
    await imageStore.remove(removed);
    await blobs.syncRemoval(removed);
  } finally {
    // Cleared meanwhile (T59), or no room for the record (T56): without an entry, the file would be adopted again.
    await store.refresh().catch(() => undefined);
    if (!isThere()) {
      await blobs.remove(entry);
      await blobs.syncRemoval([entry]);
    }
  }
  return isThere();
}
