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
