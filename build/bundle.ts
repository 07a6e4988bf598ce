import { rolldown } from 'rolldown';

interface Bundle {
  root: string;
  /** Name of the file in the directory, without extension, and the source it begins with. */
  entries: Record<string, string>;
  /** Packages that stay imports. */
  external: readonly string[];
  platform: 'node' | 'browser';
  directory: string;
}

/**
 * Writes each entry as one readable file, what they share beside them, and what is imported later apart.
 * @returns the absolute paths of the modules in them
 */
export async function bundle({ root, entries, external, platform, directory }: Bundle): Promise<string[]> {
  const build = await rolldown({
    cwd: root,
    input: entries,
    platform,
    external: external.flatMap((name) => [name, new RegExp(`^${name}/`)]),
    onwarn(warning) {
      throw new Error(`rolldown: ${warning.message ?? warning.code}`);
    },
  });
  try {
    const { output } = await build.write({
      dir: directory,
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: '[name].js',
      minifyInternalExports: false,
    });
    return output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
  } finally {
    await build.close();
  }
}
