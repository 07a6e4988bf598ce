import path from 'node:path';
import { normalizePath, resolveConfig, type Plugin, type UserConfig } from 'vite';
import { ImageCacheError } from '../errors.ts';
import { startError } from '../startError.ts';
import { denyMiddleware } from './denyMiddleware.ts';

/**
 * Keeps Vite itself away from the cache directory: it neither serves nor watches what is in there. The images are
 * meant to be reached through the API only, behind its guard (case T8); and every file written below the root would
 * otherwise cost an inotify watch, and an `.html` a reload of every open page (case T67).
 *
 * Two layers, because each closes doors that the other cannot:
 * - `server.fs.deny` looks at files, so it holds however a module came to its id (an alias, a plugin, `fetchModule`).
 *   Vite ignores it under `fs.strict: false`, in `publicDir`, and where an import only yields a URL.
 * - a middleware in front looks at the URL, so it holds there too.
 *
 * Limit: a symbolic link that leads into the cache directory from elsewhere in the project is another path to both, as
 * it is for Vite's own denied files.
 *
 * @param cacheDir as the developer wrote it: absolute, or relative to Vite's root
 * @param apiBase where the API is, below Vite's base; nothing there is a file
 */
export function hardenPlugin(cacheDir: string, apiBase?: string): Plugin {
  return {
    name: 'image-cache:harden',
    enforce: 'pre',
    apply: 'serve',

    async config(user, { isPreview }) {
      const directory = locate(cacheDir, path.resolve(user.root ?? ''));
      if (isPreview) return;
      const ours = denyGlob(directory);
      return {
        server: {
          fs: { deny: user.server?.fs?.deny ? [ours] : [...(await defaultDeny()), ours] },
          // `null` switches the watcher off; an object would switch it on again. An array is appended to the user's.
          ...(user.server?.watch !== null && {
            watch: { ignored: [(file: string) => isInside(directory, file)] },
          }),
        },
      } satisfies UserConfig;
    },

    configureServer({ config, middlewares }) {
      const { root, publicDir, base } = config;
      middlewares.use(denyMiddleware(locate(cacheDir, root), { root, publicDir, base, apiBase }));
    },

    configurePreviewServer({ config, middlewares }) {
      const { root, build, base } = config;
      middlewares.use(
        denyMiddleware(locate(cacheDir, root), {
          root: path.resolve(root, build.outDir),
          publicDir: '',
          base,
          apiBase,
        }),
      );
    },
  };
}

/** The absolute cache directory. @throws ImageCacheError INVALID_OPTION if denying it would deny the whole project */
function locate(cacheDir: string, root: string): string {
  const directory = path.resolve(root, cacheDir);
  if (!isInside(directory, root)) return directory;
  throw startError(
    new ImageCacheError(
      'INVALID_OPTION',
      'imageCache: option `cacheDir` must not be the root of the project, or contain it.',
      { hint: "Give the cache a directory of its own, e.g. '.image-cache'." },
    ),
  );
}

/**
 * The directory as a glob over absolute paths, which is what Vite matches `fs.deny` against (ignoring case, dots
 * included). From its last hidden segment on it is matched anywhere: no source lives in a hidden directory, and so
 * the real path of a symlinked root and a neighbour's cache in a monorepo are denied as well. A directory without
 * one is anchored: `cache` matched anywhere would deny the developer's `src/cache/` too.
 */
function denyGlob(directory: string): string {
  const segments = normalizePath(directory).split('/');
  const hidden = segments.findLastIndex((segment) => segment.startsWith('.'));
  const pattern = segments.slice(Math.max(hidden, 0)).map(escapeGlob).join('/');
  return hidden === -1 ? `${pattern}/**` : `**/${pattern}/**`;
}

function escapeGlob(text: string): string {
  return text.replace(/[\\()[\]{}*?|!+@^$]/g, '\\$&');
}

/**
 * A plugin that returns `server.fs.deny` replaces Vite's defaults instead of adding to them, and `/.env` would be
 * served. Vite does not export the defaults; an empty configuration, resolved, has them.
 */
async function defaultDeny(): Promise<string[]> {
  const { server } = await resolveConfig({ configFile: false, envFile: false, logLevel: 'silent' }, 'serve');
  return server.fs.deny;
}

/** Whether the file is the directory or in it, on a file system that may or may not tell upper from lower case. */
function isInside(directory: string, file: string): boolean {
  const relative = path.relative(directory.toLowerCase(), file.toLowerCase());
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}
