import type { Recognizer, Source } from '../cache/index.ts';
import { ImageCacheError } from '../errors.ts';
import type { ResolvedOptions } from '../options.ts';
import { systemClock, type Clock } from './clock.ts';
import { download, type DownloadContext } from './download.ts';
import { isEtag } from './etag.ts';
import { createLocate } from './locate.ts';
import { presignedRequest } from './presigned.ts';
import { createS3Signer } from './s3.ts';
import type { S3Object } from './s3Object.ts';
import { createIdentify } from './s3Url.ts';
import { Throttle } from './throttle.ts';
import type { Resolve } from './vettedLookup.ts';
import { createHttpClient } from './httpClient.ts';

/** The options that a source needs. */
export type S3SourceOptions = Pick<
  ResolvedOptions,
  'buckets' | 'allowPrivateAddresses' | 'timeouts' | 'maxImageSize' | 'concurrency' | 'maxConcurrency' | 'resolveKey'
>;

/** Creates a source of the images in the listed buckets. It opens no socket, and imports no SDK, before the first download. */
export function createS3Source(
  options: S3SourceOptions,
  deps: { clock?: Clock; resolve?: Resolve; recognize?: Recognizer } = {},
): Source<S3Object> {
  const clock = deps.clock ?? systemClock;
  const signer = createS3Signer();
  const httpClient = createHttpClient(options, clock, deps.resolve);
  const running = new Set<AbortController>();
  const context: DownloadContext = {
    clock,
    httpClient,
    throttle: new Throttle(clock),
    timeouts: options.timeouts,
    maxImageSize: options.maxImageSize,
    recognize: deps.recognize ?? (() => undefined),
    prepare: async (object) => {
      if (object.isNameOnly) throw nameOnly();
      return object.asAsked === undefined ? await signer.sign(object) : presignedRequest(object.asAsked);
    },
    correctClock: ({ bucket }, offsetMs) => signer.correctClock(bucket, offsetMs),
  };

  return {
    identify: createIdentify(options),
    locate: createLocate(options.buckets),
    get slowDowns() {
      return context.throttle.count;
    },
    heldUntil: (origin) => {
      const until = context.throttle.until(origin);
      return until === undefined ? undefined : Date.now() + until - clock.now(); // that clock is monotonic
    },
    async download(object, sink, signal, knownEtag = '', mark) {
      const closing = new AbortController();
      const abort = () => closing.abort();
      if (signal.aborted) abort();
      signal.addEventListener('abort', abort, { once: true });
      running.add(closing);
      try {
        return await download(object, sink, closing.signal, unlessModified(context, knownEtag), mark);
      } finally {
        running.delete(closing);
        signal.removeEventListener('abort', abort);
      }
    },
    close() {
      // Otherwise, a download whose socket is closed would try again.
      for (const closing of running) closing.abort();
      httpClient.close();
      signer.close();
    },
  };
}

/** The same for conditional requests. The header is not part of any signature, and SigV4 does not require that. */
function unlessModified(context: DownloadContext, etag: string): DownloadContext {
  if (!isEtag(etag)) return context;
  return {
    ...context,
    prepare: async (object) => {
      const request = await context.prepare(object);
      return { ...request, headers: { ...request.headers, 'if-none-match': etag } };
    },
  };
}

/**
 * The refusal of a URL with a digest instead of a value. The origin would answer such a URL with another picture, which would be
 * stored as the picture of the real URL: so any client could choose the picture that others get.
 */
function nameOnly(): ImageCacheError {
  return new ImageCacheError(
    'UPSTREAM_FORBIDDEN',
    'The URL is only the name of a cached image, and cannot be fetched.',
    {
      hint: 'It contains a digest instead of a value that may be a secret. Request the image by the URL that the app has.',
    },
  );
}
