import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { OWN_TAG } from '../../plugin/cache/files/ensureOwnDirectory.ts';

/**
 * An empty directory of this test's own, removed when the test is over (a server that ends may still write its manifest).
 * @param parent where it lies
 */
export async function temporaryDirectory(parent = tmpdir()): Promise<string> {
  const dir = await mkdtemp(join(parent, 'image-cache-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 }));
  return dir;
}

/** Makes a directory that says of itself that it is a cache of ours, whatever else a test puts into it. */
export async function markAsCache(dir: string): Promise<string> {
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'CACHEDIR.TAG'), OWN_TAG);
  return dir;
}
