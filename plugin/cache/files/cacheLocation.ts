import { basename, isAbsolute, relative, resolve, sep } from 'node:path';

/** Where the cache is, and what the `local_path` of its images begins with. */
export interface CacheLocation {
  /** Absolute. */
  dir: string;
  /** e.g. `.image-cache/`; relative to the project where the cache lies inside it, else the directory's own name. */
  prefix: string;
}

export function cacheLocation(root: string, cacheDir: string): CacheLocation {
  const dir = resolve(root, cacheDir);
  const path = relative(root, dir);
  const inside = path !== '' && !path.startsWith('..') && !isAbsolute(path);
  const name = inside ? path.split(sep).join('/') : basename(dir);
  return { dir, prefix: `${name}/` };
}
