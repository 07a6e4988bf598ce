import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { MANIFEST_FILE } from '../files/layout.ts';
import { READ } from '../files/cautiousOpen.ts';

export interface ManifestTotals {
  images: number;
  bytes: number;
}

/** Bytes to read: the totals are always within this many bytes of the start. */
const HEAD_BYTES = 512;
const TOTALS = /^\{"version":[^{}]*,"total_entries":(\d{1,15}),"total_size_bytes":(\d{1,15}),/;

/**
 * Reads the number of images and their bytes from the beginning of `manifest.json`, so the cost does not grow with the
 * manifest. Opens no cache and creates nothing. Changes of the last moments before a crash are missing.
 * @returns `undefined` if there is no manifest, or one that we did not write
 */
export async function readTotals(dir: string): Promise<ManifestTotals | undefined> {
  const file = await open(join(dir, MANIFEST_FILE), READ).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const [, images, bytes] = TOTALS.exec(buffer.toString('latin1', 0, bytesRead)) ?? [];
    return images === undefined ? undefined : { images: Number(images), bytes: Number(bytes) };
  } catch {
    return undefined; // not a file
  } finally {
    await file.close();
  }
}
