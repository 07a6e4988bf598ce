import { ensureSafeDirectory } from '../../../cache/index.ts';
import { type Check, ok } from '../../check.ts';
import type { Installation } from '../../installation.ts';

/** The cache removes what is in its directory, so it uses none that holds something else. */
export function directoryCheck({ dir, probes: { lstat } }: Installation): Check {
  return {
    id: 'disk.directory',
    group: 'disk',
    title: 'The cache has a directory of its own',
    async run() {
      const isThere = await lstat(dir).then(
        () => true,
        () => false,
      );
      if (!isThere) return ok('It does not exist yet. The first image creates it.');
      await ensureSafeDirectory(dir);
      return ok('It exists, and holds only what the cache has written.');
    },
  };
}
