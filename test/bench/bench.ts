import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Processes } from './processes.ts';

/** What every section works with. */
export interface Bench {
  processes: Processes;
  /** A directory that goes at the end. */
  root: string;
  /** Whether it only has to be seen that everything runs; the numbers mean little then. */
  quick: boolean;
  /** Of measurements that take turns. */
  rounds: number;
  /** Of load in each round. */
  seconds: number;
}

/** An empty directory. */
export function newDirectory({ root }: Bench): Promise<string> {
  return mkdtemp(join(root, 'dir-'));
}

/** Where a new cache may be; a cache directory's own name is in the paths of its images. */
export async function newCacheDir(bench: Bench): Promise<string> {
  return join(await newDirectory(bench), '.image-cache');
}
