import path from 'node:path';
import { normalizePath, resolveConfig, type Plugin, type ResolvedConfig, type UserConfig } from 'vite';
import { ImageCacheError } from '../errors.ts';
import { startError } from '../startError.ts';
import { denyMiddleware } from './denyMiddleware.ts';
import { inspectorPath } from './inspectorPath.ts';

/**
 * Keeps Vite from serving and watching the cache directory. Images must be read only through the API, behind its guard (case T8).
 * And a watched file below the root would need an inotify watch, and an `.html` there would reload every open page (case T67).
 *
 * There are two layers, because each covers cases that the other cannot:
 * - `server.fs.deny` checks files, so it works however a module got its id (an alias, a plugin, `fetchModule`). Vite ignores it
 *   with `fs.strict: false`, in `publicDir`, and for imports that only yield a URL.
 * - A middleware in front of Vite checks URLs, so it works in those cases, too.
 *
 * Limit: a symbolic link from elsewhere in the project into the cache directory is not recognised by either layer, as it is not
 * for Vite's own denied files.
 *
 * @param cacheDir as in the options: absolute, or relative to Vite's root
 * @param apiBase the path of the API, below Vite's base; nothing there is a file
 * @param option name of the option that the directory is from
 */
export function denyCacheDirPlugin(cacheDir: string, apiBase?: string, option = 'cacheDir'): Plugin {
  return {
    name: 'image-cache:deny-cache-dir',
    enforce: 'pre',
    apply: 'serve',

    async config(user, { isPreview }) {
      const directory = locate(cacheDir, path.resolve(user.root ?? ''), option);
      if (isPreview) return;
      const ours = denyGlob(directory);
      return {
        server: {
          fs: { deny: user.server?.fs?.deny ? [ours] : [...(await defaultDeny()), ours] },
          // `null` switches the watcher off, and an object would switch it on again. Vite appends this array to the user's.
          ...(user.server?.watch !== null && {
            watch: { ignored: [(file: string) => isInside(directory, file)] },
          }),
        },
      } satisfies UserConfig;
    },

    configureServer({ config, middlewares }) {
      const { root, publicDir, base } = config;
      const ownPaths = pathsOf(config, apiBase);
      middlewares.use(denyMiddleware(locate(cacheDir, root, option), { root, publicDir, base, ownPaths }));
    },

    configurePreviewServer({ config, middlewares }) {
      const { root, build, base } = config;
      middlewares.use(
        denyMiddleware(locate(cacheDir, root, option), {
          root: path.resolve(root, build.outDir),
          publicDir: '',
          base,
          ownPaths: pathsOf(config, apiBase),
        }),
      );
    },
  };
}

function pathsOf(config: ResolvedConfig, apiBase: string | undefined): string[] {
  return apiBase === undefined ? [] : [apiBase, inspectorPath(config, apiBase)];
}

/** The absolute cache directory. @throws ImageCacheError INVALID_OPTION if denying it would deny the whole project */
function locate(cacheDir: string, root: string, option: string): string {
  const directory = path.resolve(root, cacheDir);
  if (!isInside(directory, root)) return directory;
  throw startError(
    new ImageCacheError(
      'INVALID_OPTION',
      `imageCache: option \`${option}\` must not be the root of the project, or contain it.`,
      { hint: "Give it a directory of its own, e.g. '.image-cache'." },
    ),
  );
}

/**
 * The directory as a glob for `fs.deny`, which Vite matches with absolute paths (ignoring case, including dots). If a segment is
 * hidden, the path from the last hidden segment on is denied everywhere: there are no sources in hidden directories, and so the
 * real path of a symlinked root, and the caches of other packages in a monorepo, are denied as well. Otherwise, only the absolute
 * path is denied: `cache` everywhere would also deny the developer's `src/cache/`.
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
 * Vite's default for `server.fs.deny`. A plugin that returns this option replaces the default instead of adding to it, and `/.env`
 * would be served. Vite does not export the default, but a resolved empty configuration contains it.
 */
async function defaultDeny(): Promise<string[]> {
  const { server } = await resolveConfig({ configFile: false, envFile: false, logLevel: 'silent' }, 'serve');
  return server.fs.deny;
}

/** Whether the file is the directory or in it, on a file system that may ignore case. */
function isInside(directory: string, file: string): boolean {
  const relative = path.relative(directory.toLowerCase(), file.toLowerCase());
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}
