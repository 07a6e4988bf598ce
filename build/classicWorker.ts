import { rolldown } from 'rolldown';

/**
 * Writes the worker as a classic script, which defines `imageCacheWorker.handleImages`: for `importScripts`, and for browsers without workers that are
 * modules. What is built of an app is this script, and a call with its options.
 */
export async function buildClassicWorker(root: string, file: string): Promise<void> {
  const build = await rolldown({ cwd: root, input: 'components/sw/handleImages.ts', platform: 'browser' });
  try {
    await build.write({ file, format: 'iife', name: 'imageCacheWorker', minify: true });
  } finally {
    await build.close();
  }
}
