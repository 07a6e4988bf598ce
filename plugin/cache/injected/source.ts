import type { Mark } from '../../timeline.ts';
import type { Proof } from './inspector.ts';

/** An image that the cache may fetch, as the source has parsed its URL. */
export interface ImageRef {
  /** Canonical, unsigned URL: the key of the manifest. All URLs of one object have the same key. */
  readonly key: string;
  /** Last part of the object's key, decoded: a name to show to people. */
  readonly filename: string;
  /** The URL as requested, including its signature: one signature may be valid when another is not. Never disclose it. */
  readonly url?: string;
  /**
   * Identifies the server that is asked, as a text to compare with others. A server that hangs or is down does not affect images
   * of other servers.
   * @default all objects are on one server
   */
  readonly origin?: string;
}

/** Where an object is; the option `authorize` decides by this. */
export interface ObjectLocation {
  /** Canonical, unsigned URL. */
  readonly s3_url: string;
  /** The bucket's name. */
  readonly bucket: string;
  /** The object's key, decoded, without the bucket. */
  readonly key: string;
  readonly versionId: string | undefined;
}

/** What the origin said about the bytes it sent. */
export interface SourceMetadata {
  /** Including the quotes; empty when the origin sent none. */
  etag: string;
  /** As the origin claims; the bytes decide. */
  contentType: string;
  /** How many bytes the origin has announced, if it has; with a Content-Encoding, these are not the bytes of the image. */
  announcedBytes?: number | undefined;
  /** The object still has the ETag that was given: nothing was written to the sink. */
  notModified?: true;
}

/** Where a download writes the bytes. */
export interface Sink {
  /** Takes a chunk; resolves when it is ready for more. */
  write(chunk: Uint8Array): Promise<void>;
  /** The origin has answered with the object, and its bytes follow. */
  begin(metadata: SourceMetadata): void;
  /** Discards what was written: the download starts again from the first byte. */
  reset(): Promise<void>;
  /**
   * Throws unless the bytes are a complete image. Called at the end of each attempt, so that a body that was cut silently is
   * tried again like one that ended with an error.
   * @param proof why all of it is believed to have arrived
   */
  complete(proof: Proof): Promise<void>;
}

/** Where bytes come from. The cache knows nothing of S3; it is given one of these. */
export interface Source<Ref extends ImageRef = ImageRef> {
  /**
   * Parses a URL.
   * @throws ImageCacheError INVALID_URL, INVALID_URL_SCHEME or HOST_NOT_ALLOWED
   */
  identify(url: string): Ref;
  /**
   * Returns where the object of a canonical URL is, followed by every other object that a server in front of it may take it for.
   * Without this function, every call that must check access is refused.
   * @throws ImageCacheError for a URL of no configured bucket
   */
  locate?(canonicalUrl: string): readonly ObjectLocation[];
  /**
   * Fetches the whole object into the sink, and tries again where that can help.
   * @param knownEtag as the origin sent it: the object is fetched only if it has changed (RFC 9110, 13.1.2)
   * @param mark called when a step has finished
   * @throws ImageCacheError IMAGE_TOO_LARGE, UPSTREAM_*, ABORTED, or what the sink threw
   */
  download(ref: Ref, sink: Sink, signal: AbortSignal, knownEtag?: string, mark?: Mark): Promise<SourceMetadata>;
  /**
   * True if there is no origin that could be asked, so that what the cache has cannot be fetched again: {@link Source.download} always rejects.
   * @default false
   */
  readonly isOffline?: boolean;
  /** How often the origin has asked to slow down. @default 0 */
  readonly slowDowns?: number;
  /**
   * Until when this origin (see {@link ImageRef.origin}) wants no request, in milliseconds since the epoch; `undefined` if it has not asked to
   * slow down.
   */
  heldUntil?(origin: string): number | undefined;
  /** Closes sockets. */
  close(): void;
}
