import { randomUUID } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { TEMPORARY_NAME, TMP_DIR, sha256 } from './layout.ts';

/**
 * Stands for all processes among which ours has an id of its own: those of a machine, or of a container. Containers that
 * share a directory do not see each other's processes, and each would take the others for dead.
 * Limit: two machines of the same name are taken for one.
 */
const PID_SPACE = sha256(`${hostname()} ${pidNamespace()}`).slice(0, 8);

/**
 * Stands for this process among all that had its id, and is the same in each copy of this module and in each thread. No clock that
 * jumps makes a file of ours look like one of a predecessor, which in a container has the same id (R5).
 */
const PROCESS = sha256(`${process.pid} ${performance.timeOrigin}`).slice(0, 8);

/** A new name for a file that is being written; it tells whose it is. */
export function temporaryPath(dir: string): string {
  return join(dir, TMP_DIR, temporaryName());
}

/** The same for a file in another folder. */
export function temporaryName(): string {
  return `${PID_SPACE}-${process.pid}-${PROCESS}${randomUUID().slice(8)}.part`;
}

/** Who writes, or wrote, to the file of this name; `undefined` for a name that is none of ours. */
export function writerOf(name: string): 'ours' | 'ended' | 'unknown' | undefined {
  const [, space, pid, unique] = TEMPORARY_NAME.exec(name) ?? [];
  if (pid === undefined) return undefined;
  if (space !== PID_SPACE) return 'unknown';
  if (Number(pid) === process.pid) return unique?.startsWith(PROCESS) === true ? 'ours' : 'ended';
  return isRunning(Number(pid)) ? 'unknown' : 'ended'; // the id may be in use again
}

/** As Linux has it, e.g. `pid:[4026531836]`; elsewhere there is only one. */
function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0); // signal 0 asks, it ends nothing
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
