import { dirname } from 'node:path';
import { lackingSpace } from '../../../cache/index.ts';
import { bytesText } from '../../texts.ts';
import { type Check, fail, ok, skip } from '../../check.ts';
import type { Installation } from '../../installation.ts';
import type { DiskFacts, Probes } from '../../probes.ts';

/** Below `minFreeSpace`, no new image is kept. */
export function spaceCheck({ dir, options: { minFreeSpace }, probes }: Installation): Check {
  return {
    id: 'disk.space',
    group: 'disk',
    title: 'The disk has room',
    async run() {
      const disk = await diskAt(dir, probes);
      if (disk === undefined || disk.blocks === 0) return skip('the file system does not say how much is free');
      const free = bytesText(disk.bavail * disk.bsize);
      const lacking = lackingSpace(disk, minFreeSpace);
      if (lacking === 0) return ok(`${free} are free.`);
      return fail(
        `${free} are free, and ${bytesText(lacking)} more are needed to keep new images.`,
        'Free some space, put `cacheDir` on another disk, or lower `minFreeSpace`.',
      );
    },
  };
}

/** Facts of the file system that the directory is on, or will be. */
export async function diskAt(dir: string, { statfs }: Probes): Promise<DiskFacts | undefined> {
  for (let path = dir; ; path = dirname(path)) {
    const disk = await statfs(path).catch(() => undefined);
    if (disk !== undefined || path === dirname(path)) return disk;
  }
}
