import type { Plugin } from 'vite';
import type { ImageCacheOptions } from './options.ts';
import { resolveOptions } from './resolveOptions.ts';
import { checkAtStart } from './startError.ts';
import { hardenPlugin } from './vite/harden.ts';
import { type LoadApi, servePlugin } from './vite/serve.ts';
import { startPlugin } from './vite/start.ts';
import { warnTwicePlugin } from './vite/twice.ts';

/**
 * Serves S3 images from the local disk in Vite's dev and preview servers. All presigned URLs of one object get the same image.
 *
 * This function only checks the options. The code of the API is imported, and the cache opened, at the first request; the AWS SDK
 * is imported at the first bare URL.
 *
 * @example
 * ```ts
 * export default defineConfig({ plugins: [react(), imageCache({ buckets: ['team-photos'] })] });
 * ```
 * @throws ImageCacheError INVALID_OPTION, naming the option, what was expected and what came
 */
export function imageCache(options: ImageCacheOptions): Plugin[] {
  const resolved = checkAtStart(() => resolveOptions(options));
  const directories = [resolved.cacheDir, ...resolved.fallbackDirs];
  return [
    ...directories.map((dir) => hardenPlugin(dir, resolved.base)),
    servePlugin(resolved, loadApi),
    startPlugin(resolved),
    warnTwicePlugin(resolved),
  ];
}

const loadApi: LoadApi = async (options, settings) => {
  const { createApi } = await import('./createApi.ts');
  return createApi(options, settings);
};
