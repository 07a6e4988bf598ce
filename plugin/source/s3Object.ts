import type { SourceObject } from '../cache/source.ts';
import type { ResolvedBucket } from '../options.ts';
import type { Override } from './query.ts';
import type { RawUrl } from './rawUrl.ts';

/** An object of a listed bucket, and how it was asked for. Holds secrets when it was asked for with some: never log one. */
export interface S3Object extends SourceObject {
  readonly bucket: ResolvedBucket;
  /** Decoded. */
  readonly objectKey: string;
  readonly versionId: string | undefined;
  readonly overrides: Readonly<Partial<Record<Override, string>>>;
  /** As asked, signature and all. */
  readonly url: string;
  /** Whether the URL grants access by itself. */
  readonly signed: boolean;
  /**
   * The URL to fetch byte for byte and without our credentials: a signed one, one of a CDN, or one that names a
   * version in another way than S3. Otherwise the object is read with them.
   */
  readonly asAsked: RawUrl | undefined;
}
