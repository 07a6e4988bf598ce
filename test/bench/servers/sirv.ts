import sirv from 'sirv';
import type { RunningServer } from './kinds.ts';
import { listen } from './listen.ts';

export function start({ dir }: { dir: string }): Promise<RunningServer> {
  return listen(sirv(dir, { dev: false }));
}
