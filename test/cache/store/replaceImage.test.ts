import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BlobStore } from '../../../plugin/cache/files/blobs.ts';
import { imagePath } from '../../../plugin/cache/files/layout.ts';
import { JournalManifest } from '../../../plugin/cache/manifest/journalManifest.ts';
import { MemoryTier } from '../../../plugin/cache/store/memoryTier.ts';
import { replaceImage } from '../../../plugin/cache/store/replaceImage.ts';
import { ImageStore } from '../../../plugin/cache/store/imageStore.ts';
import { bytesOf } from '../../helpers/cache.ts';
import { temporaryDirectory } from '../../helpers/directory.ts';
import { entryOf } from '../../helpers/entries.ts';

const prefix = '.image-cache/';

/** What a process holds of a directory. */
async function openProcess(dir: string) {
  const observer = { applied: () => undefined, reset: () => undefined, warn: () => undefined };
  const store = new JournalManifest({ dir, prefix, sync: false, now: Date.now, observer });
  await store.open();
  onTestFinished(() => store.close());
  const blobs = new BlobStore({ dir, sync: false, now: Date.now });
  return {
    store,
    blobs,
    imageStore: new ImageStore({ store, blobs, memory: new MemoryTier(0), warn: () => undefined }),
  };
}

async function write({ blobs }: Awaited<ReturnType<typeof openProcess>>, name: string) {
  const writer = await blobs.createWriter();
  await writer.write([bytesOf(name)]);
  const blob = await writer.finish(false);
  const { actor_id: actorId, s3_url: key } = entryOf(1);
  const local_path = imagePath({ actorId, key, sha256: blob.sha256, extension: 'webp' });
  return { blob, entry: entryOf(1, { local_path, sha256: blob.sha256, size_bytes: blob.size }) };
}

async function openStored() {
  const dir = await temporaryDirectory();
  const parts = await openProcess(dir);
  const { blob, entry } = await write(parts, 'old');
  await parts.blobs.store(blob, entry.local_path, undefined);
  await parts.store.append({ op: 'put', entry });
  const files = () => readdir(join(dir, 'images', '0001'));
  const known = parts.store.index.get(entry.s3_url) ?? entry;
  return { dir, parts, known, files };
}

describe('replaceImage', () => {
  it('exchanges the entry and the file', async () => {
    const { parts, known, files } = await openStored();
    const { blob, entry } = await write(parts, 'new');
    expect(await replaceImage(parts, { known, entry, blob })).toBe(true);
    expect(parts.store.index.get(known.s3_url)?.sha256).toBe(blob.sha256);
    expect(await files()).toEqual([basename(entry.local_path)]);
  });

  it('T59: leaves nothing of an image that another process has cleared, and this one has not heard of', async () => {
    const { dir, parts, known, files } = await openStored();
    const other = await openProcess(dir);
    const { blob, entry } = await write(parts, 'new');
    const { removed } = await other.store.append({ op: 'clear' });
    await other.imageStore.remove(removed);
    expect(parts.store.index.get(known.s3_url)).toBeDefined();
    expect(await replaceImage(parts, { known, entry, blob })).toBe(false);
    expect(parts.store.index.size).toBe(0);
    expect(await files()).toEqual([]);
  });

  it('leaves what another process has put in the place of it', async () => {
    const { dir, parts, known, files } = await openStored();
    const other = await openProcess(dir);
    const theirs = await write(other, 'theirs');
    await replaceImage(other, { known, ...theirs });
    const ours = await write(parts, 'ours');
    expect(await replaceImage(parts, { known, ...ours })).toBe(false);
    expect(parts.store.index.get(known.s3_url)?.sha256).toBe(theirs.blob.sha256);
    expect(await files()).toEqual([basename(theirs.entry.local_path)]);
  });

  it('T55: is no error where the directory was removed by hand', async () => {
    const { parts, known } = await openStored();
    const { blob, entry } = await write(parts, 'new');
    const gone = { ...blob, path: `${blob.path}-gone` };
    expect(await replaceImage(parts, { known, entry, blob: gone })).toBe(false);
    expect(parts.store.index.get(known.s3_url)?.sha256).toBe(known.sha256);
  });
});
