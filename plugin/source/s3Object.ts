import type { ImageRef } from '../cache/index.ts';
import type { ResolvedBucket } from '../options.ts';
import type { RawUrl } from './rawUrl.ts';

/** An object of a listed bucket, and how it was asked for. Holds secrets when it was asked for with some: never log one. */
export interface S3Object extends ImageRef {
  readonly bucket: ResolvedBucket;
  /** Decoded. */
  readonly objectKey: string;
  readonly versionId: string | undefined;
  /** As asked, signature and all. */
  readonly url: string;
  /** Whether the URL grants access by itself. */
  readonly signed: boolean;
  /**
   * The URL to fetch byte for byte and without our credentials: a signed one, one of a CDN, or one with a parameter that the
   * SDK cannot ask for. Otherwise the object is read with them, and only its version is sent.
   */
  readonly asAsked: RawUrl | undefined;
  /** The URL holds the digest of a value in place of the value: it names a cached image, and is never sent. */
  readonly isNameOnly: boolean;
}
