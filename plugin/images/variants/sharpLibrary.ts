import type { default as sharp } from 'sharp';

export type Sharp = typeof sharp;

/** Imports sharp; tests replace it. */
export type SharpImporter = () => Promise<{ default: Sharp }>;

const importSharp: SharpImporter = () => import('sharp');

/**
 * Imports sharp, an optional peer dependency, when it is first needed. It gets one thread per picture, because the number of
 * pictures at a time is limited elsewhere, and no cache of its own, because the results are stored. `undefined` if it is not
 * installed, or does not run on this machine.
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
