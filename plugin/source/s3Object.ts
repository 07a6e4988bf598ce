import type { ImageRef } from '../cache/index.ts';
import type { ResolvedBucket } from '../options.ts';
import type { RawUrl } from './rawUrl.ts';

/** An object of a listed bucket, and the URL that it was requested by. The URL may contain secrets, so never log this. */
export interface S3Object extends ImageRef {
  readonly bucket: ResolvedBucket;
  /** The key, decoded. */
  readonly objectKey: string;
  readonly versionId: string | undefined;
  /** The URL of the request, with its signature. */
  readonly url: string;
  /** Whether the URL grants access by itself. */
  readonly signed: boolean;
  /**
   * The URL to fetch byte for byte and without our credentials: a signed URL, one of a CDN, or one with a parameter that the SDK
   * cannot send. `undefined` if the object is read with our credentials, by its key and version.
   */
  readonly asAsked: RawUrl | undefined;
  /** True if the URL has the digest of a value instead of the value: it names a cached image, but is never sent. */
  readonly isNameOnly: boolean;
}
