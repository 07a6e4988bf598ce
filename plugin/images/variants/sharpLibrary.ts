import type { default as sharp } from 'sharp';

export type Sharp = typeof sharp;

/** How sharp is found; replaced by tests. */
export type SharpImporter = () => Promise<{ default: Sharp }>;

const importSharp: SharpImporter = () => import('sharp');

/**
 * sharp, an optional peer dependency, imported when it is first needed and set up to share the machine: one thread a
 * picture, for how many are made at a time is limited elsewhere, and no cache of its own, for the results are stored.
 * `undefined` where it is not installed, or does not run on this machine.
 */
export function sharpLibrary(importer = importSharp): () => Promise<Sharp | undefined> {
  let loading: Promise<Sharp | undefined> | undefined;
  const load = async () => {
    try {
      const { default: library } = await importer();
      library.cache(false);
      library.concurrency(1);
      return library;
    } catch {
      return undefined;
    }
  };
  return () => (loading ??= load());
}
