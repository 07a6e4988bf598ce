import type { ImageRef, Source } from '../cache/index.ts';
import { ImageCacheError } from '../errors.ts';
import type { Outbox } from './outbox.ts';

export interface OutboxSourceOptions {
  outbox: Outbox;
  /** The name of the picture that a canonical URL is of; `undefined` for all other objects. */
  pictureOf: (s3Url: string) => string | undefined;
  /** The ETag of a picture that the bucket has by now. */
  etagOf: (pictureName: string) => string | undefined;
  /** Told of a picture that the cache has, and the bucket does not. */
  missing: (pictureName: string) => void;
}

/** Written at a time, so that the sink can yield in between. */
const CHUNK_BYTES = 1 << 20;

/**
 * A source that has the pictures of the outbox, and all others from the source behind it. So there is one way into the cache for all: a
 * picture that was uploaded is "downloaded" from the outbox, whether it is asked for for the first time, or after the cache has lost it. The
 * bucket, which does not have it yet, is not asked.
 */
export function withOutbox<Ref extends ImageRef>(
  source: Source<Ref>,
  { outbox, pictureOf, etagOf, missing }: OutboxSourceOptions,
): Source<Ref> {
  return {
    isOffline: source.isOffline ?? false,
    identify: (url) => source.identify(url),
    locate: (s3Url) => source.locate?.(s3Url) ?? [],
    get slowDowns() {
      return source.slowDowns ?? 0;
    },
    heldUntil: (origin) => source.heldUntil?.(origin),
    async download(ref, sink, signal, knownEtag, mark) {
      const name = pictureOf(ref.key);
      const fromBucket = () => source.download(ref, sink, signal, knownEtag, mark);
      if (name === undefined) return fromBucket();
      const known = async () => {
        try {
          return await fromBucket();
        } catch (error) {
          if (knownEtag !== undefined && isMissing(error)) missing(name);
          throw error;
        }
      };
      const metadata = { etag: etagOf(name) ?? '', contentType: '' };
      if (knownEtag === '') {
        // A cached image without an ETag came from here, and has these bytes: they need not be read.
        const isHere = (await outbox.folder.lookAtBody(name)) !== undefined;
        return isHere ? { ...metadata, notModified: true } : known();
      }
      const body = await outbox.readPicture(name);
      if (body === undefined) return known();
      sink.begin(metadata);
      for (let at = 0; at < body.length; at += CHUNK_BYTES) {
        if (signal.aborted) throw new ImageCacheError('ABORTED', 'The download was cancelled.');
        await sink.write(body.subarray(at, at + CHUNK_BYTES));
      }
      mark?.('body');
      await sink.complete('announced');
      return metadata;
    },
    close: () => source.close(),
  };
}

/** A bucket that is missing as a whole has the same code. It is no word about this picture. */
function isMissing(error: unknown): boolean {
  return (
    error instanceof ImageCacheError && error.code === 'UPSTREAM_NOT_FOUND' && !error.message.includes('NoSuchBucket')
  );
}
