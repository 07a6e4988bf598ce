import { randomUUID } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { TEMPORARY_NAME, TMP_DIR, sha256 } from './layout.ts';

/**
 * Identifies the set of processes that share process ids: those of a machine, or of a container. Containers that share a
 * directory do not see each other's processes, and without this each would assume that the other's processes have ended.
 * Limit: two machines with the same name count as one.
 */
const PID_SPACE = sha256(`${hostname()} ${pidNamespace()}`).slice(0, 8);

/**
 * Identifies this process among all that ever had its id. It is the same in each copy of this module and in each thread. In a
 * container a process often has the id of its predecessor; this keeps their files apart even if the clock jumps (R5).
 */
const PROCESS = sha256(`${process.pid} ${performance.timeOrigin}`).slice(0, 8);

/** Returns a new name for a file that is being written. The name identifies the process that writes it. */
export function temporaryPath(dir: string): string {
  return join(dir, TMP_DIR, temporaryName());
}

/** Like {@link temporaryPath}, for a file in another folder. */
export function temporaryName(): string {
  return `${PID_SPACE}-${process.pid}-${PROCESS}${randomUUID().slice(8)}.part`;
}

/** A name of this process that is unique among those on the directory. */
export function processName(): string {
  return `${PID_SPACE}-${process.pid}`;
}

/** The id of a process by its name, if it is running on this machine, and in this container. */
export function processIdOf(name: string): number | undefined {
  const [, space, pid] = /^([0-9a-f]{8})-(\d{1,10})$/.exec(name) ?? [];
  return space === PID_SPACE && isRunning(Number(pid)) ? Number(pid) : undefined;
}

/** Tells whether the process that writes this file is running; `undefined` if we do not give such names. */
export function writerOf(name: string): 'ours' | 'ended' | 'unknown' | undefined {
  const [, space, pid, unique] = TEMPORARY_NAME.exec(name) ?? [];
  if (pid === undefined) return undefined;
  if (space !== PID_SPACE) return 'unknown';
  if (Number(pid) === process.pid) return unique?.startsWith(PROCESS) === true ? 'ours' : 'ended';
  return isRunning(Number(pid)) ? 'unknown' : 'ended'; // the id may be in use again
}

/** The pid namespace on Linux, e.g. `pid:[4026531836]`; other systems have only one. */
function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0); // signal 0 only checks whether the process exists
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
