import type { EvictionLimits } from './limits/evictor.ts';
import type { Inspector, Recognizer } from './injected/inspector.ts';
import type { CacheLogger } from './injected/cacheLogger.ts';
import type { Source, ImageRef } from './injected/source.ts';
import type { VariantMaker } from './variants/variantMaker.ts';

/** The components and the limits of an `ImageCache`. */
export interface ImageCacheSettings<Ref extends ImageRef> extends EvictionLimits {
  /** Absolute path of the cache directory. */
  dir: string;
  /** Prefix of every `local_path`, e.g. `.image-cache/`. */
  prefix: string;
  /** Free space to keep on the disk, in bytes. @default 500 MB, or a twentieth of a disk smaller than 10 GB */
  minFreeSpace?: number | undefined;
  /** Maximum size of a file that may be adopted, in bytes. @default maxSize */
  maxImageSize?: number;
  /** Other cache directories to copy from, as absolute paths. @default [] */
  fallbackDirs?: readonly string[];
  /** Size of the memory tier in bytes; 0 for none. */
  memoryMaxSize: number;
  /** True if images are read into the memory tier before they are requested. @default false */
  memoryPreload?: boolean;
  /** How long an image counts as current before the origin is asked again, in milliseconds. @default for ever */
  revalidateMs?: number | undefined;
  concurrency: number;
  /** Upper bound for background downloads; their number grows while that makes them faster. @default concurrency */
  maxConcurrency?: number;
  durability: 'full' | 'process';
  source: Source<Ref>;
  inspect: Inspector;
  /** Recognizes an image by its first bytes. @default no image is sent on before it is complete */
  recognize?: Recognizer;
  /** Makes images of other sizes and formats. @default originals are served instead */
  maker?: VariantMaker;
  /** True if thumbhashes are made for the manifest. @default false */
  placeholder?: boolean;
  /** True if images are compressed after they were stored. @default false */
  compress?: boolean;
  /** Such work starts when nothing new has come for this long, in milliseconds. @default 1000 */
  idleMs?: number;
  /** Requests are refused when opening the directory takes longer than this, in milliseconds. @default 10_000 */
  openTimeoutMs?: number;
  logger: CacheLogger;
  /** Returns the wall-clock time. @default Date.now */
  now?: () => number;
}
