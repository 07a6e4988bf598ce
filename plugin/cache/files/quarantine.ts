import { mkdir, readdir, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { errnoOf } from './fileError.ts';
import { QUARANTINE_DIR } from './layout.ts';
import { replaceFile } from './replaceFile.ts';

/** Files kept to be looked at; the oldest go first. */
const MAX_FILES = 50;

/** Moves a bad file out of the way, where it can be looked at and does no harm. */
export async function quarantine(dir: string, path: string, now: number): Promise<void> {
  const folder = join(dir, QUARANTINE_DIR);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const name = relative(dir, path).replaceAll(/[/\\]/g, '-');
  await replaceFile(path, join(folder, `${String(now).padStart(14, '0')}-${name}`)).catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOENT') throw error; // another process was faster
  });

  const names = (await readdir(folder)).toSorted();
  const surplus = names.slice(0, Math.max(0, names.length - MAX_FILES));
  for (const old of surplus) await rm(join(folder, old), { recursive: true, force: true });
}
