import type { Inspector } from './inspector.ts';
import type { CacheLogger } from './logger.ts';
import type { Source, SourceObject } from './source.ts';

/** What an `ImageCache` is made of and limited by. */
export interface ImageCacheSettings<Object extends SourceObject> {
  /** Absolute. */
  dir: string;
  /** What `local_path` begins with, e.g. `.image-cache/`. */
  prefix: string;
  /** Bytes. */
  maxSize: number;
  maxEntries: number;
  /** Bytes; 0 for no memory tier. */
  memoryMaxSize: number;
  concurrency: number;
  durability: 'full' | 'process';
  source: Source<Object>;
  inspect: Inspector;
  logger: CacheLogger;
  /** @default Date.now */
  now?: () => number;
}
