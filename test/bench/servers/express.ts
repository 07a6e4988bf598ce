import express from 'express';
import type { RunningServer } from './kinds.ts';
import { listen } from './listen.ts';

export function start({ dir }: { dir: string }): Promise<RunningServer> {
  return listen(express().use(express.static(dir)));
}
