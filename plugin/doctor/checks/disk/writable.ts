import { constants } from 'node:fs';
import { dirname } from 'node:path';
import { ensureWritable } from '../../../cache/index.ts';
import { type Check, fail, ok } from '../../check.ts';
import type { Installation } from '../../installation.ts';

/** Nothing is written to find that out, so a disk that refuses what its permissions allow is not noticed. */
export function writableCheck({ dir, probes: { access, lstat } }: Installation): Check {
  const isThere = (path: string) =>
    lstat(path).then(
      () => true,
      () => false,
    );
  return {
    id: 'disk.writable',
    group: 'disk',
    title: 'Images can be stored',
    after: ['disk.directory'],
    async run() {
      if (await isThere(dir)) {
        await ensureWritable(dir, access);
        return ok('This process may write into the directory.');
      }
      let parent = dirname(dir);
      while (parent !== dirname(parent) && !(await isThere(parent))) parent = dirname(parent);
      try {
        await access(parent, constants.W_OK | constants.X_OK);
        return ok('This process may create the directory.');
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : 'refused';
        return fail(
          `The directory of the cache cannot be created (${code}).`,
          'Name a directory in `cacheDir` that this process may write to.',
        );
      }
    },
  };
}
