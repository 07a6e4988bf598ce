import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { OWN_TAG } from '../../plugin/cache/files/ensureOwnDirectory.ts';

/**
 * Creates an empty directory for one test. It is removed after the test, with retries, because a server that ends may still write its
 * manifest.
 * @param parent the directory in which it is created
 */
export async function temporaryDirectory(parent = tmpdir()): Promise<string> {
  const dir = await mkdtemp(join(parent, 'image-cache-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 }));
  return dir;
}

/** Creates a directory that is marked as a cache of ours, so that a test can put anything into it. */
export async function markAsCache(dir: string): Promise<string> {
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'CACHEDIR.TAG'), OWN_TAG);
  return dir;
}
