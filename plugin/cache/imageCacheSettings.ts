import type { EvictionLimits } from './limits/eviction.ts';
import type { Inspector, Recognizer } from './inspector.ts';
import type { CacheLogger } from './logger.ts';
import type { Source, SourceObject } from './source.ts';

/** What an `ImageCache` is made of and limited by. */
export interface ImageCacheSettings<Object extends SourceObject> extends EvictionLimits {
  /** Absolute. */
  dir: string;
  /** What `local_path` begins with, e.g. `.image-cache/`. */
  prefix: string;
  /** Bytes. @default 500 MB, or a twentieth of a disk smaller than 10 GB */
  minFreeSpace?: number | undefined;
  /** Bytes of a file that may be adopted. @default maxSize */
  maxImageSize?: number;
  /** Other cache directories to copy from, absolute. @default [] */
  fallbackDirs?: readonly string[];
  /** Bytes; 0 for no memory tier. */
  memoryMaxSize: number;
  concurrency: number;
  durability: 'full' | 'process';
  source: Source<Object>;
  inspect: Inspector;
  /** @default no image is sent on before it is whole */
  recognize?: Recognizer;
  logger: CacheLogger;
  /** @default Date.now */
  now?: () => number;
}
