import { statfs } from 'node:fs/promises';

/** Free space to keep by default; on a small disk, a twentieth of it. */
const DEFAULT_RESERVE = 500e6;
const DEFAULT_SHARE = 0.05;

/**
 * Bytes of free space that the disk lacks; 0 if the file system does not report its free space.
 * @param reserve in bytes; `undefined` for 500 MB, or a twentieth of a disk smaller than 10 GB
 * @param planned bytes that are about to be written
 */
export async function missingSpace(dir: string, reserve: number | undefined, planned = 0): Promise<number> {
  if (reserve === 0 && planned === 0) return 0;
  const disk = await statfs(dir).catch(() => undefined);
  return disk === undefined ? 0 : lackingSpace(disk, reserve, planned);
}

/** The same for a disk, as `statfs` describes it. */
export function lackingSpace(
  disk: { bsize: number; blocks: number; bavail: number },
  reserve: number | undefined,
  planned = 0,
): number {
  if (disk.blocks === 0) return 0;
  const wanted = reserve ?? Math.min(DEFAULT_RESERVE, disk.blocks * disk.bsize * DEFAULT_SHARE);
  return Math.max(0, Math.ceil(wanted + planned - disk.bavail * disk.bsize));
}
