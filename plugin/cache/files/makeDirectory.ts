import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from './syncDirectory.ts';

/** Creates a directory and its missing parents, readable by their owner only. The new names survive a power cut (T68). */
export async function makeDirectory(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = path; made.startsWith(first); made = dirname(made)) await syncDirectory(dirname(made));
}
