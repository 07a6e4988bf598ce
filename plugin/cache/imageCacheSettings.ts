import type { EvictionLimits } from './limits/evictor.ts';
import type { Inspector, Recognizer } from './injected/inspector.ts';
import type { CacheLogger } from './injected/cacheLogger.ts';
import type { Source, ImageRef } from './injected/source.ts';
import type { VariantMaker } from './variants/variantMaker.ts';

/** What an `ImageCache` is made of and limited by. */
export interface ImageCacheSettings<Ref extends ImageRef> extends EvictionLimits {
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
  /** Whether images are read into the memory tier before they are asked for. @default false */
  memoryPreload?: boolean;
  /** How long, in milliseconds, an image is believed to be current before the origin is asked again. @default for ever */
  revalidateMs?: number | undefined;
  concurrency: number;
  /** Up to which background downloads become more while that makes them faster. @default concurrency */
  maxConcurrency?: number;
  durability: 'full' | 'process';
  source: Source<Ref>;
  inspect: Inspector;
  /** @default no image is sent on before it is whole */
  recognize?: Recognizer;
  /** Makes images of other sizes and formats. @default originals are served instead */
  maker?: VariantMaker;
  /** Whether thumbhashes are made for the manifest. @default false */
  placeholder?: boolean;
  /** Whether images are stored in fewer bytes than they came in. @default false */
  compress?: boolean;
  /** Milliseconds without anything new after which such work begins. @default 1000 */
  idleMs?: number;
  /** Milliseconds after which those who wait for the directory to be opened are told that it does not answer. @default 10_000 */
  openTimeoutMs?: number;
  logger: CacheLogger;
  /** @default Date.now */
  now?: () => number;
}
