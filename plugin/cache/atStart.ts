/** What Vite's start asks about the cache's directory. Imports as little as that takes; the cache itself is in `index.ts`. */
export { ensureOwnDirectory } from './files/ensureOwnDirectory.ts';
export { type ManifestTotals, readTotals } from './manifest/manifestTotals.ts';

/**
 * Looks whether images could be kept in the directory; see `files/ensureUsable.ts`, which the first call imports: it is for after
 * the start, which it would slow.
 */
export async function ensureUsable(dir: string): Promise<void> {
  const { ensureUsable } = await import('./files/ensureUsable.ts');
  await ensureUsable(dir);
}
