import { resolve } from 'node:path';
import type { Plugin } from 'vite';
import type { ImageCacheOptions, ResolvedOptions } from './options.ts';
import { resolveOptions } from './resolveOptions.ts';
import { checkAtStart, startError } from './startError.ts';
import { denyCacheDirPlugin } from './vite/denyCacheDir.ts';
import { devtoolsPlugin } from './vite/devtools.ts';
import type { LoadInspectorPage } from './vite/mountInspector.ts';
import { serviceWorkerPlugin } from './vite/serviceWorker.ts';
import { type LoadApi, servePlugin } from './vite/serve.ts';
import { startPlugin } from './vite/start.ts';
import { warnDuplicatePlugin } from './vite/warnDuplicate.ts';

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
  const { base, uploads, serviceWorker } = resolved;
  const directories = [resolved.cacheDir, ...resolved.fallbackDirs];
  return [
    ...directories.map((dir) => denyCacheDirPlugin(dir, base)),
    ...(uploads === undefined ? [] : [uploadsPlugin(uploads), denyCacheDirPlugin(uploads.outboxDir, base, OUTBOX)]),
    servePlugin(resolved, loadApi, loadInspectorPage),
    ...(serviceWorker === undefined ? [] : [serviceWorkerPlugin(serviceWorker, base)]),
    startPlugin(resolved),
    devtoolsPlugin(resolved),
    warnDuplicatePlugin(resolved),
  ];
}

const OUTBOX = 'uploads.outboxDir';

/**
 * Tells pages which app they belong to, also in a build. It also refuses an outbox that is a directory of the
 * app itself, because Vite could not serve that any more. Without the option `uploads`, none of this is imported.
 */
function uploadsPlugin(uploads: NonNullable<ResolvedOptions['uploads']>): Plugin {
  return {
    name: 'image-cache:uploads',

    async config({ root = '' }, { command, isPreview }) {
      const { projectOf } = await import('./project.ts');
      const project = projectOf(uploads, resolve(root), command === 'serve' && isPreview !== true ? 'dev' : 'build');
      return { define: { __IMAGE_CACHE_PROJECT__: JSON.stringify(project) } };
    },

    async configResolved({ root }) {
      const { ensureOwnOutbox } = await import('./uploads/ensureOwnOutbox.ts');
      await ensureOwnOutbox(resolve(root, uploads.outboxDir)).catch((error: unknown) => {
        throw startError(error);
      });
    },
  };
}

const loadApi: LoadApi = async (options, settings) => {
  const { createApi } = await import('./createApi.ts');
  return createApi(options, settings);
};

const loadInspectorPage: LoadInspectorPage = async (options) => {
  const { createInspectorPage } = await import('./http/inspector/page.ts');
  return createInspectorPage(options);
};
