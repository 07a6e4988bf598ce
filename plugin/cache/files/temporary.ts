import { randomUUID } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { TEMPORARY_NAME, TMP_DIR, sha256 } from './layout.ts';

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
  return join(dir, TMP_DIR, temporaryName());
}

/** The same for a file in another folder. */
export function temporaryName(): string {
  return `${PID_SPACE}-${process.pid}-${randomUUID()}.part`;
}

/**
 * Whether nothing writes to a file of this name any more: at once where we can tell, after a day where its process ran elsewhere.
 * False for a name that is none of ours.
 */
export function isAbandoned(name: string, mtimeMs: number, now: number): boolean {
  const [, space, pid] = TEMPORARY_NAME.exec(name) ?? [];
  if (pid === undefined) return false;
  return now - mtimeMs > ABANDONED_MS || (space === PID_SPACE && hasEnded(Number(pid), mtimeMs));
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
