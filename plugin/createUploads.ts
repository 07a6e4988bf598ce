import { resolve } from 'node:path';
import { DEFAULT_ACTOR_ID, type CacheLogger, type ImageCache, type Source, type ImageRef } from './cache/index.ts';
import { ImageCacheError } from './errors.ts';
import { inspectImage } from './images/index.ts';
import type { ResolvedOptions } from './options.ts';
import { createOfflineBucket, createS3Bucket } from './source/index.ts';
import {
  isDigestName,
  isPictureName,
  keyOf,
  Outbox,
  systemClock,
  Uploads,
  type UploadsCache,
  withOutbox,
} from './uploads/index.ts';

/** How often is looked whether pages still wait for images, and how long at most. */
const YIELD_MS = 50;
const MAX_YIELD_MS = 30_000;
/** How long an upload waits for its picture to be cached, at most. It is cached later then. */
const MAX_CACHE_MS = 2_000;
const NEVER = new AbortController().signal;

export interface CreatedUploads {
  /** A source of the cache that has the pictures of the outbox, too. */
  withOutbox<Ref extends ImageRef>(source: Source<Ref>): Source<Ref>;
  /** The uploads, in front of the cache that was made with that source. They begin to send what is left from earlier. */
  open(cache: ImageCache): Uploads;
}

/** Uploads into the bucket of the options, by way of an outbox below the root. Makes no file before the first upload. */
export function createUploads(
  options: ResolvedOptions,
  uploads: NonNullable<ResolvedOptions['uploads']>,
  { root, project }: { root: string; project: string },
  logger: CacheLogger,
): CreatedUploads {
  const { prefix, maxFileSize, maxOutboxSize, references, gracePeriod, restoreMissing } = uploads;
  const clock = systemClock;
  const bucket = options.offline
    ? createOfflineBucket(options, uploads.bucket)
    : createS3Bucket(options, uploads.bucket);
  const dir = resolve(root, uploads.outboxDir);
  const outbox = new Outbox({ dir, now: clock.now, warn: (message) => logger.warn(message) });
  /** Of pictures that the bucket has had for a moment. */
  const etags = new Map<string, string>();
  let opened: Uploads | undefined;

  const urlOf = (name: string): string => bucket.urlOf(keyOf(prefix, name));
  const pictureOf = (s3Url: string): string | undefined => {
    const name = s3Url.slice(s3Url.lastIndexOf('/') + 1);
    return isPictureName(name) && isDigestName(name) && urlOf(name) === s3Url ? name : undefined;
  };

  /** Downloads of other images, from an origin that hangs, may be ahead in the queue. An upload does not wait for them. */
  const soon = (cached: Promise<unknown>) => Promise.race([cached, clock.sleep(MAX_CACHE_MS, NEVER)]);

  const connect = (cache: ImageCache): UploadsCache => ({
    async take(name, filename) {
      const image = imageOf(urlOf(name), filename);
      await soon(cache.prefetch(image, DEFAULT_ACTOR_ID, { priority: 'visible' }));
    },
    async stored(name, filename, etag) {
      etags.set(name, etag);
      const image = imageOf(urlOf(name), filename);
      await soon(cache.prefetch(image, DEFAULT_ACTOR_ID, { priority: 'visible', revalidate: true }));
      etags.delete(name);
    },
    async read(name) {
      try {
        const entry = await cache.find(urlOf(name));
        if (entry === undefined) return undefined;
        return { body: (await cache.readPath(entry.local_path)).body, contentType: entry.content_type };
      } catch {
        return undefined; // it was evicted meanwhile
      }
    },
    async forget(name) {
      await cache.invalidate(urlOf(name)).catch((error: unknown) => {
        logger.warn(
          `A picture that was deleted from the bucket is still in the cache: ${ImageCacheError.from(error).message}`,
        );
      });
    },
    async yieldToImages(signal) {
      const until = clock.now() + MAX_YIELD_MS;
      while (cache.isAwaited && !signal.aborted && clock.now() < until) await clock.sleep(YIELD_MS, signal);
    },
  });

  return {
    withOutbox: (source) =>
      withOutbox(source, {
        outbox,
        pictureOf,
        etagOf: (name) => etags.get(name),
        missing: (name) => opened?.noticeMissing(name),
      }),
    open(cache) {
      const made = new Uploads({
        outbox,
        bucket,
        cache: connect(cache),
        inspect: (bytes, proof) => inspectImage(bytes, proof, { allowSvg: options.allowSvg }),
        prefix,
        maxFileSize,
        maxOutboxSize,
        deletion: references && {
          project,
          isReferenced: references === 'bucket' ? undefined : references,
          graceMs: gracePeriod,
        },
        restoreMissing,
        isOffline: options.offline,
        clock,
        logger,
      });
      opened = made;
      made.start();
      return made;
    },
  };
}

function imageOf(s3_url: string, filename: string | undefined): { s3_url: string; filename?: string } {
  return { s3_url, ...(filename !== undefined && { filename }) };
}
