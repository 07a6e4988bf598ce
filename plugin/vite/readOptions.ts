import { type Plugin, resolveConfig, version } from 'vite';
import type { ViteFacts } from '../doctor/index.ts';
import { ImageCacheError } from '../errors.ts';
import type { ResolvedOptions } from '../options.ts';
import { countTwins } from './warnDuplicate.ts';

/** The options of the plugin in a vite.config, as the dev server would use them. */
export interface ViteOptions {
  options: ResolvedOptions;
  root: string;
  vite: ViteFacts;
}

/**
 * Reads a vite.config. Starts no server.
 * @param file undefined: Vite looks for it in the root
 * @returns undefined if the plugin is not in it
 * @throws ImageCacheError with what the configuration has thrown
 */
export async function readOptions(root: string, file: string | undefined): Promise<ViteOptions | undefined> {
  const inline = { root, logLevel: 'silent', ...(file !== undefined && { configFile: file }) } as const;
  const config = await resolveConfig(inline, 'serve').catch((error: unknown) => {
    const { message } = error instanceof Error ? error : { message: String(error) };
    throw new ImageCacheError('INVALID_OPTION', `vite.config: ${message}`, { cause: error });
  });
  const options = config.plugins.map(optionsOf).find((found) => found !== undefined);
  if (options === undefined) return undefined;
  const { allowedHosts } = config.server;
  return {
    options,
    root: config.root,
    vite: {
      version,
      plugins: countTwins(config, options.base),
      allowedHosts: allowedHosts === true ? true : [...options.allowedHosts, ...(allowedHosts ?? [])],
    },
  };
}

function optionsOf({ name, api }: Plugin): ResolvedOptions | undefined {
  // A plugin with this name is ours, so this is the type of its `api`.
  return name === 'image-cache:serve' ? (api as { options: ResolvedOptions }).options : undefined;
}
