import { existsSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ViteFacts } from '../doctor/index.ts';
import { ImageCacheError } from '../errors.ts';
import type { BucketOptions, ExpressImageCacheOptions, ResolvedOptions } from '../options.ts';
import { resolveOptions } from '../resolveOptions.ts';
import type { Arguments } from './args.ts';
import type { Io } from './io.ts';

/** The options of the cache, and where its directories are relative to. */
export interface Configuration {
  options: ResolvedOptions;
  root: string;
  /** If they are from a vite.config. */
  vite?: ViteFacts;
}

/** In the directory of the project, for servers without Vite. */
const OWN_CONFIG = [
  'image-cache.config.ts',
  'image-cache.config.mts',
  'image-cache.config.js',
  'image-cache.config.mjs',
];
/** Stands in where only the directory matters. */
const NO_BUCKET = 'no-bucket';

/**
 * Finds the options: in the arguments, in the module that `--config` names, in image-cache.config, or in vite.config.
 * @param needs of a command that only reads the directory, `--dir` says enough
 * @throws ImageCacheError INVALID_OPTION, or the error of the configuration
 */
export async function configure(
  given: Arguments,
  { cwd }: Pick<Io, 'cwd'>,
  needs: 'buckets' | 'directory',
): Promise<Configuration> {
  const { config, dir, bucket } = given;
  if (config === undefined && (bucket.length > 0 || (dir !== undefined && needs === 'directory'))) {
    return fromArguments(given, cwd);
  }
  const file =
    config === undefined
      ? OWN_CONFIG.map((name) => resolve(cwd, name)).find((path) => existsSync(path))
      : resolve(cwd, config);
  if (file !== undefined && !existsSync(file)) throw noConfiguration(`There is no file ${file}.`);
  const found =
    file === undefined || /^vite\.config\.\w+$/.test(basename(file))
      ? await fromVite(cwd, file)
      : await fromModule(file);
  return dir === undefined ? found : { ...found, options: { ...found.options, cacheDir: resolve(cwd, dir) } };
}

function fromArguments({ bucket, dir, endpoint, region }: Arguments, root: string): Configuration {
  const where = { ...(endpoint !== undefined && { endpoint }), ...(region !== undefined && { region }) };
  const names = bucket.length === 0 ? [NO_BUCKET] : bucket;
  const buckets = names.map((name): BucketOptions => Object.assign({ name }, where));
  const options = resolveOptions({ buckets, ...(dir !== undefined && { cacheDir: resolve(root, dir) }) });
  return { options, root };
}

async function fromVite(cwd: string, file: string | undefined): Promise<Configuration> {
  const root = file === undefined ? cwd : dirname(file);
  const { readOptions } = await import('../vite/readOptions.ts').catch((error: unknown) => {
    throw noConfiguration('Vite is not installed here, so there is no vite.config to read.', error);
  });
  const found = await readOptions(root, file);
  if (found !== undefined) return found;
  throw noConfiguration(`No vite.config in ${root} has the plugin imageCache().`);
}

async function fromModule(file: string): Promise<Configuration> {
  const module: unknown = await import(pathToFileURL(file).href).catch((error: unknown) => {
    const isTooOld = error instanceof Error && 'code' in error && error.code === 'ERR_UNKNOWN_FILE_EXTENSION';
    throw new ImageCacheError('INVALID_OPTION', `${file} cannot be imported: ${messageOf(error)}`, {
      cause: error,
      hint: isTooOld
        ? 'This version of Node does not import TypeScript: use Node 22.18 or later, or a .mjs file.'
        : undefined,
    });
  });
  const exported = typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined;
  if (typeof exported !== 'object' || exported === null) {
    throw new ImageCacheError('INVALID_OPTION', `${file} has no default export.`, {
      hint: "Export the options: export default { buckets: ['team-photos'] };",
    });
  }
  // What the options are is checked next.
  const { authorize: _, authorizeUpload: __, ...options } = exported as ExpressImageCacheOptions;
  return { options: resolveOptions(options), root: dirname(file) };
}

function noConfiguration(detail: string, cause?: unknown): ImageCacheError {
  return new ImageCacheError('INVALID_OPTION', detail, {
    cause,
    hint: 'Run the command in the directory of the project, or name the file by --config, or the cache by --dir and --bucket.',
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
