import { basename, isAbsolute, relative, resolve, sep } from 'node:path';

/** Where the cache is, and the prefix of its `local_path`s. */
export interface CacheLocation {
  /** Absolute path. */
  dir: string;
  /** e.g. `.image-cache/`. Relative to the project if the cache is inside it, otherwise the directory's own name. */
  prefix: string;
}

export function cacheLocation(root: string, cacheDir: string): CacheLocation {
  const dir = resolve(root, cacheDir);
  const path = relative(root, dir);
  const inside = path !== '' && !path.startsWith('..') && !isAbsolute(path);
  const name = inside ? path.split(sep).join('/') : basename(dir);
  return { dir, prefix: `${name}/` };
}
