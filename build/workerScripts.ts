import { join } from 'node:path';
import { rolldown } from 'rolldown';

interface Script {
  /** In `components/sw/`. */
  source: string;
  /** In `dist/`. */
  file: string;
  /** The global variable that has what the source exports. */
  name?: string;
}

const SCRIPTS: readonly Script[] = [
  // What apps get from `vite build`.
  { source: 'scripts/imageWorker.ts', file: 'sw/imageWorker.js' },
  { source: 'scripts/tombstone.ts', file: 'sw/tombstone.js' },
  // For `importScripts`, and for browsers without workers that are modules: it defines `imageCacheWorker.handleImages`.
  { source: 'handleImages.ts', file: 'components/sw/classic.js', name: 'imageCacheWorker' },
];

/**
 * Writes the service workers, each as one classic script without imports.
 * @returns the absolute paths of the modules in them
 */
export async function buildWorkerScripts(root: string, dist: string): Promise<string[]> {
  const modules = await Promise.all(
    SCRIPTS.map(({ source, file, name }) => buildScript(join(root, 'components/sw', source), join(dist, file), name)),
  );
  return modules.flat();
}

async function buildScript(source: string, file: string, name: string | undefined): Promise<string[]> {
  const build = await rolldown({
    input: source,
    platform: 'browser',
    onwarn(warning) {
      throw new Error(`rolldown: ${warning.message ?? warning.code}`);
    },
  });
  try {
    const { output } = await build.write({ file, format: 'iife', ...(name !== undefined && { name }), minify: true });
    return output.flatMap((part) => (part.type === 'chunk' ? part.moduleIds : []));
  } finally {
    await build.close();
  }
}
