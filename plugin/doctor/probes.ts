import { access, lstat, statfs } from 'node:fs/promises';
import { findSharp, type SharpFacts } from '../images/index.ts';
import { type Clock, systemClock } from '../source/clock.ts';
import type { Resolve } from '../source/vettedLookup.ts';
import type { Environment } from '../endpoint.ts';

/** What the doctor knows of the world comes from here, so that a test can give it another one. */
export interface Probes {
  /** Milliseconds since the epoch, by the clock of this machine. */
  now(): number;
  /** For limits and durations. */
  clock: Clock;
  env: Environment;
  /** As `process.versions.node`. */
  nodeVersion: string;
  platform: string;
  /** The effective user; `undefined` on Windows. */
  userId: number | undefined;
  /** Resolves a name. @default as the system does */
  resolve: Resolve | undefined;
  /** As those of `node:fs/promises`. */
  lstat: (path: string) => Promise<{ uid: number; gid: number; mode: number }>;
  statfs: (path: string) => Promise<DiskFacts>;
  access: typeof access;
  /** Imports sharp; `undefined` if that fails. */
  findSharp(): Promise<SharpFacts | undefined>;
}

/** As `statfs` has it. */
export interface DiskFacts {
  type: number;
  bsize: number;
  blocks: number;
  bavail: number;
}

export const systemProbes: Probes = {
  now: Date.now,
  clock: systemClock,
  env: process.env,
  nodeVersion: process.versions.node,
  platform: process.platform,
  userId: process.geteuid?.(),
  resolve: undefined,
  lstat,
  statfs,
  access,
  findSharp,
};
