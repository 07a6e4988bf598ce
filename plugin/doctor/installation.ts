import type { ImageCache } from '../cache/index.ts';
import type { ResolvedOptions } from '../options.ts';
import type { Probes } from './probes.ts';

/** What runs the cache. */
export type ServerFacts =
  | {
      kind: 'vite';
      version: string;
      /** How many plugins of this package have the same path. */
      plugins: number;
      allowedHosts: readonly string[] | true;
    }
  | { kind: 'express' }
  /** The command line, beside a server or without one. */
  | { kind: 'command' };

/** What is examined. */
export interface Installation {
  readonly options: ResolvedOptions;
  /** The directory that those in the options are relative to. */
  readonly root: string;
  /** Absolute path of the cache directory. */
  readonly dir: string;
  readonly cache: Pick<ImageCache, 'totals' | 'requestCount' | 'glance'>;
  readonly server: ServerFacts;
  readonly probes: Probes;
}
