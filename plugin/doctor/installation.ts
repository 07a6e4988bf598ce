import type { ImageCache } from '../cache/index.ts';
import type { ResolvedOptions } from '../options.ts';
import type { Probes } from './probes.ts';

/** What runs the cache. */
export interface ServerFacts {
  /** `command`: the command line, beside a server or without one. */
  readonly kind: 'vite' | 'express' | 'command';
  /** If the options are from a vite.config. */
  readonly vite?: ViteFacts;
}

export interface ViteFacts {
  readonly version: string;
  /** How many plugins of this package have the same path. */
  readonly plugins: number;
  readonly allowedHosts: readonly string[] | true;
}

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
