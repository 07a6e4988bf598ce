import { join } from 'node:path';
import { rolldown } from 'rolldown';

const SCRIPTS = ['imageWorker', 'tombstone'];

/**
 * Writes the service workers that apps get from `vite build`, each as one classic script without imports.
 * @returns the absolute paths of the modules in them
 */
export async function buildWorkerScripts(root: string, directory: string): Promise<string[]> {
  const modules = await Promise.all(
    SCRIPTS.map((name) => buildScript(join(root, 'components/sw/scripts', name), directory)),
  );
  return modules.flat();
}

async function buildScript(source: string, directory: string): Promise<string[]> {
  const build = await rolldown({
    input: `${source}.ts`,
    platform: 'browser',
    onwarn(warning) {
      throw new Error(`rolldown: ${warning.message ?? warning.code}`);
    },
  });
  try {
    const { output } = await build.write({ dir: directory, format: 'iife', entryFileNames: '[name].js', minify: true });
    return output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
  } finally {
    await build.close();
  }
}
