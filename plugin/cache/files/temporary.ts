import { randomUUID } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { TEMPORARY_NAME, TMP_DIR, sha256 } from './layout.ts';
import { listFolder, removeFile } from './ownFolders.ts';

/** A process id may be in use again, or be one of another machine; nothing is written to for this long. */
const ABANDONED_MS = 24 * 60 * 60 * 1000;

/**
 * Stands for all processes among which ours has an id of its own: those of a machine, or of a container. Containers that
 * share a directory do not see each other's processes, and each would take the others for dead.
 * Limit: two machines of the same name are taken for one.
 */
const PID_SPACE = sha256(`${hostname()} ${pidNamespace()}`).slice(0, 8);

/** A new name for a file that is being written; it tells whose it is. */
export function temporaryPath(dir: string): string {
  return join(dir, TMP_DIR, `${PID_SPACE}-${process.pid}-${randomUUID()}.part`);
}

/**
 * Removes what processes that have ended left half written: at once where we can tell, after a day where they ran elsewhere.
 * Returns how many files that were.
 */
export async function sweepTemporary(dir: string, now: number): Promise<number> {
  let removed = 0;
  for (const name of await listFolder(dir, TMP_DIR)) {
    const [, space, pid] = TEMPORARY_NAME.exec(name) ?? [];
    if (pid === undefined) continue;
    const path = `${TMP_DIR}/${name}`;
    const { mtimeMs } = await lstat(join(dir, path)).catch(() => ({ mtimeMs: 0 }));
    const abandoned = now - mtimeMs > ABANDONED_MS || (space === PID_SPACE && hasEnded(Number(pid), mtimeMs));
    if (abandoned && (await removeFile(dir, path).catch(() => false))) removed += 1; // it may be a directory that can only be read
  }
  return removed;
}

/** As Linux has it, e.g. `pid:[4026531836]`; elsewhere there is only one. */
function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

function hasEnded(pid: number, mtimeMs: number): boolean {
  return !isRunning(pid) || isOfPredecessor(pid, mtimeMs);
}

/** In a container every process gets the same id. */
function isOfPredecessor(pid: number, mtimeMs: number): boolean {
  return pid === process.pid && mtimeMs < Date.now() - process.uptime() * 1000 - 1000;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0); // signal 0 asks, it ends nothing
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
