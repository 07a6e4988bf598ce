import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, vi } from 'vitest';
import { CacheProcess, type ProcessSettings } from './cacheProcess.ts';
import { temporaryDirectory } from './directory.ts';
import { Origin } from './origin.ts';

/** Creates a directory, and can start processes on it, which end with the test. */
export async function openDirectory() {
  const dir = join(await temporaryDirectory(), '.image-cache');
  const origin = new Origin();
  const start = async (settings?: ProcessSettings) => {
    const started = await CacheProcess.start(dir, origin, settings);
    onTestFinished(() => started.kill());
    return started;
  };
  return { dir, origin, start };
}

/** The same with two processes. */
export async function openTwo(settings?: ProcessSettings) {
  const opened = await openDirectory();
  const [a, b] = await Promise.all([opened.start(settings), opened.start(settings)]);
  return { ...opened, a, b };
}

/** Expects that a read returns this version, and the entry of exactly these bytes. */
export async function expectVersion(process: CacheProcess, version: number, name = 'photo'): Promise<void> {
  const seen = await process.call('readUrl', name);
  expect(seen.version).toBe(version);
  expect(seen.sha256).toBe(seen.entry.sha256);
  expect(seen.entry.etag === '' || seen.entry.etag === `"${name} v${version}"`).toBe(true);
  const byPath = await process.call('readPath', seen.entry.local_path);
  expect(byPath.version).toBe(version);
}

/** Expects that there is an entry. */
export async function expectStored(process: CacheProcess, name: string): Promise<void> {
  const entry = await process.call('lookup', name);
  expect(entry, name).toBeDefined();
}

/** Resolves when the process has stopped at the point that was set with `stopAt`. */
export async function stopped(process: CacheProcess, point: string): Promise<void> {
  await vi.waitFor(() => expect(process.printed).toContain(point));
}

/** The paths of all image files. */
export async function imagesIn(dir: string): Promise<string[]> {
  const paths = await readdir(join(dir, 'images'), { recursive: true }).catch(() => []);
  return paths.filter((path) => path.endsWith('.png'));
}
