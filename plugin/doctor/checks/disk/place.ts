import { type Check, ok, warn } from '../../check.ts';
import type { Installation } from '../../installation.ts';
import { diskAt } from './space.ts';

/** Folders that a program copies to its own servers, and to other machines. */
const SYNCED =
  /[\\/](Dropbox|OneDrive(?: - [^\\/]+)?|Google ?Drive|iCloudDrive|Mobile Documents|CloudStorage|Nextcloud)[\\/]/i;

/** Linux's numbers of file systems (`man 2 statfs`). */
const NETWORK: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xfe534d42, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0x01021997, '9p'],
  [0x00c36400, 'Ceph'],
]);
const OVERLAY = 0x794c7630;

/** Some places work, but are slow, or forget. */
export function placeCheck({ dir, probes }: Installation): Check {
  return {
    id: 'disk.place',
    group: 'disk',
    title: 'The disk is local',
    async run() {
      const [, synced] = SYNCED.exec(`${dir}/`) ?? [];
      if (synced !== undefined) {
        return warn(
          `The directory is in a folder of ${synced}, which copies each image to its servers, and may move files away.`,
          'Name a directory in `cacheDir` that is not synchronized.',
        );
      }
      const type = (await diskAt(dir, probes))?.type ?? 0;
      const network = probes.platform === 'linux' ? NETWORK.get(type >>> 0) : undefined;
      if (network !== undefined) {
        return warn(
          `The directory is on a network drive (${network}), which is slower than a disk, and fails with the network.`,
          'Name a directory on a local disk in `cacheDir`.',
        );
      }
      if (probes.platform === 'linux' && type === OVERLAY) {
        return warn(
          'The directory is inside a container, and is lost with it.',
          'Mount a volume there to keep the images.',
        );
      }
      return ok('The directory is on a local disk.');
    },
  };
}
