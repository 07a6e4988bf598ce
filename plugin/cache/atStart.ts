/** The part of the cache that Vite's start needs. It imports as little as possible; the cache itself is in `index.ts`. */
export { readStart } from './files/cautiousOpen.ts';
export { ensureOwnDirectory, isStray } from './files/ensureOwnDirectory.ts';
export { type ManifestTotals, readTotals } from './manifest/manifestTotals.ts';

/**
 * Checks whether images can be kept in the directory. The first call imports `files/ensureUsable.ts`; call it after the
 * start, which it would slow down.
 */
export async function ensureUsable(dir: string): Promise<void> {
  const { ensureUsable } = await import('./files/ensureUsable.ts');
  await ensureUsable(dir);
}
