import { randomUUID } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TMP_DIR } from './layout.ts';

const NAME = /^(\d+)-[0-9a-f-]{36}\.part$/;
/** A process id may be in use again; nothing is written to for this long. */
const ABANDONED_MS = 24 * 60 * 60 * 1000;

/** A new name for a file that is being written; it tells whose it is. */
export function temporaryPath(dir: string): string {
  return join(dir, TMP_DIR, `${process.pid}-${randomUUID()}.part`);
}

/** Removes what processes that have ended left half written. Returns how many files that were. */
export async function sweepTemporary(dir: string, now: number): Promise<number> {
  let removed = 0;
  const names = await readdir(join(dir, TMP_DIR)).catch(() => []);
  for (const name of names) {
    const [, pid] = NAME.exec(name) ?? [];
    if (pid === undefined) continue;
    const path = join(dir, TMP_DIR, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: 0 }));
    const abandoned = now - mtimeMs > ABANDONED_MS || !isRunning(Number(pid)) || isOfPredecessor(Number(pid), mtimeMs);
    if (!abandoned) continue;
    removed += await rm(path, { force: true }).then(
      () => 1,
      () => 0, // a directory that may only be read
    );
  }
  return removed;
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
