/** What tells whether a file is still the one it was, without reading it. */
export interface FileIdentity {
  ino: number;
  size: number;
  mtimeMs: number;
}

/** Keeps no more of a file's stats than that. */
export function identityOf({ ino, size, mtimeMs }: FileIdentity): FileIdentity {
  return { ino, size, mtimeMs };
}

export function isSameFile(a: FileIdentity | undefined, b: FileIdentity): boolean {
  return a !== undefined && a.ino === b.ino && a.size === b.size && a.mtimeMs === b.mtimeMs;
}
