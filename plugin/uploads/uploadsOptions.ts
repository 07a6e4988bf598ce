import type { Inspector } from '../cache/index.ts';
import type { UploadsClock } from './clock.ts';
import type { CachedPicture } from './missingPictures.ts';
import type { Outbox } from './outbox.ts';
import type { UseOptions } from './pictureUse.ts';
import type { UploadBucket } from './uploadBucket.ts';

/** What the uploads ask of the cache. */
export interface UploadsCache {
  /** Caches a picture whose bytes are in the outbox. Never rejects. */
  take(pictureName: string, filename: string | undefined): Promise<void>;
  /** Lets the cache know under which ETag the bucket has a picture. Never rejects. */
  stored(pictureName: string, filename: string | undefined, etag: string): Promise<void>;
  /** Resolves when no page waits for images. */
  yieldToImages(signal: AbortSignal): Promise<void>;
  /** The bytes of a picture, if it is cached. Never rejects. */
  read(pictureName: string): Promise<CachedPicture | undefined>;
  /** Lets go of a picture that was deleted, in memory and on disk. Never rejects. */
  forget(pictureName: string): Promise<void>;
}

interface UploadsLogger {
  info(message: string): void;
  warn(message: string): void;
}

/** How it is known what uses a picture. */
interface UploadsDeletion {
  /** Whose references those in the bucket are. */
  project: string;
  /** The app answers; `undefined`: references in the bucket do. */
  isReferenced: UseOptions['isReferenced'];
  graceMs: number;
}

export interface UploadsOptions {
  outbox: Outbox;
  bucket: UploadBucket;
  cache: UploadsCache;
  inspect: Inspector;
  prefix: string;
  maxFileSize: number;
  maxOutboxSize: number;
  /** What uses pictures; `undefined`: nothing is deleted from the bucket. */
  deletion: UploadsDeletion | undefined;
  /** Whether a picture that the bucket has lost is put back. */
  restoreMissing: boolean;
  /** Whether nothing may be sent: then pictures stay in the outbox until a later start. */
  isOffline: boolean;
  clock: UploadsClock;
  logger: UploadsLogger;
}
