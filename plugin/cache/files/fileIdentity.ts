import { lstat } from 'node:fs/promises';

/** Identifies a version of a file without reading it: if a field differs, the file has changed. */
export interface FileIdentity {
  ino: number;
  size: number;
  mtimeMs: number;
}

/** Picks these fields from the stats of a file. */
export function identityOf({ ino, size, mtimeMs }: FileIdentity): FileIdentity {
  return { ino, size, mtimeMs };
}

export function isSameFile(a: FileIdentity | undefined, b: FileIdentity): boolean {
  return a !== undefined && a.ino === b.ino && a.size === b.size && a.mtimeMs === b.mtimeMs;
}

/**
 * Whether a file is still the one that was checked. A link is not followed. A link in the place of its folder is noticed unless it leads to the very
 * same file.
 */
export async function isUnchanged(path: string, checked: FileIdentity): Promise<boolean> {
  try {
    const stats = await lstat(path);
    return stats.isFile() && isSameFile(checked, stats);
  } catch {
    return false; // reading it says why
  }
}
