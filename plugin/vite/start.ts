import { OFFLINE_START } from '../protocol.ts';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { styleText } from 'node:util';
import type { Plugin, PreviewServer, ResolvedConfig, ViteDevServer } from 'vite';
import { type ManifestTotals, ensureUsable, readTotals } from '../cache/atStart.ts';
import { ImageCacheError } from '../errors.ts';
import { createLogger } from '../logger.ts';
import type { ResolvedOptions } from '../options.ts';
import { startError } from '../startError.ts';
import { inspectorPath, START_NAME } from './inspectorPath.ts';

/**
 * Prints two lines under Vite's own addresses, with the number of cached images, the address of the API, and that of the inspector; and
 * a warning if the cache directory exists but cannot be used. Neither blocks the start, opens the cache, or creates anything.
 */
export function startPlugin(
  options: Pick<ResolvedOptions, 'base' | 'cacheDir' | 'logLevel' | 'offline' | 'uploads'>,
): Plugin {
  // If the same plugin object is in `plugins` twice, it is called twice.
  const started = new WeakSet<object>();

  /** If there are several plugins with one path, only the first one answers (`warnDuplicate.ts`), so only that one prints. */
  function isFirst({ plugins }: ResolvedConfig): boolean {
    // A plugin with this name is ours, so this is the type of its `api`.
    const isAtPath = ({ name, api }: Plugin) => name === START_NAME && (api as { base: string }).base === options.base;
    return plugins.find(isAtPath) === plugin;
  }

  function watchStart(server: ViteDevServer | PreviewServer): void {
    const { config, httpServer } = server;
    if (started.has(server) || !isFirst(config)) return;
    started.add(server);
    const dir = resolve(config.root, options.cacheDir);
    const logger = createLogger(options.logLevel, config.logger);
    const check = async (): Promise<void> => {
      if (options.offline) logger.warn(OFFLINE_START);
      try {
        await ensureUsable(dir);
      } catch (error) {
        const { message, hint = '' } = ImageCacheError.from(error);
        logger.warn(`${message.includes(dir) ? '' : `${dir}: `}${message} ${hint}`);
      }
    };
    if (httpServer) httpServer.once('listening', () => void check());
    else void check();
    if (options.logLevel === 'info' || options.logLevel === 'debug') printWithUrls(server, dir, options);
  }

  const plugin: Plugin<{ base: string }> = {
    name: START_NAME,
    apply: 'serve',
    api: { base: options.base },
    configResolved(config) {
      ensureNotPublished(config, options.cacheDir, 'cacheDir');
      if (options.uploads) ensureNotPublished(config, options.uploads.outboxDir, 'uploads.outboxDir');
    },
    configureServer: watchStart,
    configurePreviewServer: watchStart,
  };
  return plugin;
}

/** @throws ImageCacheError INVALID_OPTION if a build would publish private images, or remove them all */
function ensureNotPublished({ root, publicDir, build }: ResolvedConfig, cacheDir: string, option: string): void {
  const dir = resolve(root, cacheDir);
  const refuse = (reason: string): never => {
    throw startError(
      new ImageCacheError('INVALID_OPTION', `imageCache: option \`${option}\` must not be inside ${reason}.`, {
        hint: "Give it a directory of its own, e.g. '.image-cache'.",
      }),
    );
  };
  if (publicDir !== '' && isInside(publicDir, dir)) {
    refuse('the public directory: `vite build` would publish the private images in it');
  }
  if (isInside(resolve(root, build.outDir), dir)) {
    refuse('the output directory: `vite build` empties it, and its content is published');
  }
}

function isInside(directory: string, path: string): boolean {
  const way = relative(directory, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** Prints with Vite's addresses. Tools that start Vite without printing these do not get our line either. */
function printWithUrls(
  server: ViteDevServer | PreviewServer,
  dir: string,
  { base, cacheDir }: Pick<ResolvedOptions, 'base' | 'cacheDir'>,
): void {
  let totals: ManifestTotals | undefined;
  // This is done long before the addresses are printed. If the disk hangs, nothing waits for it.
  void readTotals(dir).then((read) => (totals = read));
  const printUrls = server.printUrls.bind(server);
  server.printUrls = () => {
    printUrls();
    const urls = server.resolvedUrls;
    const url = urls?.local[0] ?? urls?.network[0];
    if (url === undefined) return;
    const page = url.replace(/\/$/, '');
    const { logger } = server.config;
    logger.info(startLine('Images', `${whatIsCached(totals, cacheDir)}, API at ${cyan(page + base)}`));
    logger.info(startLine('Image cache', cyan(`${page}${inspectorPath(server.config, base)}/`)));
  };
}

function startLine(name: string, text: string): string {
  return `  ${style('green', '➜')}  ${style('bold', name)}:  ${text}`;
}

function whatIsCached(totals: ManifestTotals | undefined, cacheDir: string): string {
  if (totals === undefined || totals.images === 0) return 'none cached yet';
  return `${totals.images.toLocaleString('en')} (${formatBytes(totals.bytes)}) in ${cacheDir}`;
}

function cyan(text: string): string {
  return style('cyan', text);
}

function style(format: Parameters<typeof styleText>[0], text: string): string {
  return process.stdout.isTTY && process.stdout.hasColors() ? styleText(format, text) : text;
}

function formatBytes(bytes: number): string {
  const [unit, name] = bytes >= 1e9 ? [1e9, 'GB'] : bytes >= 1e6 ? [1e6, 'MB'] : [1e3, 'kB'];
  return `${(bytes / unit).toLocaleString('en', { maximumFractionDigits: bytes >= 1e9 ? 1 : 0 })} ${name}`;
}
