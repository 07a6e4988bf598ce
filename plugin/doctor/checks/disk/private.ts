import { join } from 'node:path';
import { distrust } from '../../../cache/index.ts';
import { type Check, fail, ok, skip } from '../../check.ts';
import type { Installation } from '../../installation.ts';

const OTHERS = 0o077;

/** Who may write into the directory decides which pictures are shown. */
export function privateCheck({ dir, probes: { lstat, userId } }: Installation): Check {
  return {
    id: 'disk.private',
    group: 'disk',
    title: 'Only you can change the images',
    after: ['disk.directory'],
    async run() {
      const stats = await lstat(dir).catch(() => undefined);
      if (userId === undefined) return skip('this system has no user ids');
      if (stats === undefined) return skip('the directory does not exist yet');
      const reason = distrust(stats, userId);
      if (reason === undefined) return ok('Nobody else may write into the directory.');
      // This file is created for its owner only. If it looks otherwise, the file system keeps no permissions.
      const own = await lstat(join(dir, 'CACHE_ID')).catch(() => undefined);
      if (own !== undefined && (own.uid !== userId || (own.mode & OTHERS) !== 0)) {
        return ok('The file system keeps no owners and permissions.');
      }
      const shown = JSON.stringify(dir);
      return reason === 'another user'
        ? fail(
            'The directory belongs to another user.',
            'Make it yours, or name another one in `cacheDir`.',
            `chown -R ${userId} ${shown}`,
          )
        : fail('Other users may write into the directory.', 'Remove that permission.', `chmod go-w ${shown}`);
    },
  };
}
