import type { Mark } from '../../timeline.ts';
import type { Proof } from './inspector.ts';

/** An object that the cache may fetch, as the source understood it. */
export interface ImageRef {
  /** Canonical, unsigned URL: the key of the manifest. Two URLs of one object have the same. */
  readonly key: string;
  /** Last part of the object's key, decoded; a name for people. */
  readonly filename: string;
  /** As asked, signature and all: one may be good and another one not. Never to be told to anybody. */
  readonly url?: string;
  /**
   * Which server is asked for it, as a text that only equals or does not. A server that hangs, or is away, is told from others by it.
   * @default all objects are at one server
   */
  readonly origin?: string;
}

/** Where an object is: what the option `authorize` decides by. */
export interface ObjectLocation {
  /** Canonical, unsigned URL. */
  readonly s3_url: string;
  /** The bucket's name. */
  readonly bucket: string;
  /** Decoded, without the bucket. */
  readonly key: string;
  readonly versionId: string | undefined;
}

/** What the origin said about the bytes it sent. */
export interface SourceMetadata {
  /** Quotes included; empty when the origin sent none. */
  etag: string;
  /** As claimed; the bytes decide. */
  contentType: string;
  /** The object is still the one whose ETag was given: nothing was put into the sink. */
  notModified?: true;
}

/** Where a download puts the bytes. */
export interface Sink {
  /** Takes a chunk; resolves when more may come. */
  write(chunk: Uint8Array): Promise<void>;
  /** The origin has answered with the object, and its bytes come next. */
  begin(metadata: SourceMetadata): void;
  /** Forgets what was written: the download starts again from the first byte. */
  reset(): Promise<void>;
  /**
   * Throws unless what was written is a whole image. Called at the end of each attempt, so that a body that was cut
   * without saying so is tried again like one that was cut loudly.
   * @param proof why all of it is believed to have come
   */
  complete(proof: Proof): Promise<void>;
}

/** Where bytes come from. The cache knows no S3; it is given one of these. */
export interface Source<Ref extends ImageRef = ImageRef> {
  /**
   * Understands a URL.
   * @throws ImageCacheError INVALID_URL, INVALID_URL_SCHEME or HOST_NOT_ALLOWED
   */
  identify(url: string): Ref;
  /**
   * Where the object of a canonical URL is, and then every other object that a server in front of it may take it for.
   * Without this function, whoever asks about access is refused.
   * @throws ImageCacheError for a URL of no configured bucket
   */
  locate?(canonicalUrl: string): readonly ObjectLocation[];
  /**
   * Fetches the whole object into the sink, trying again where that can help.
   * @param knownEtag as the origin sent it: the object is fetched only if it is another one by now (RFC 9110, 13.1.2)
   * @param mark told of each step that has come to its end
   * @throws ImageCacheError IMAGE_TOO_LARGE, UPSTREAM_*, ABORTED, or what the sink threw
   */
  download(object: Ref, sink: Sink, signal: AbortSignal, knownEtag?: string, mark?: Mark): Promise<SourceMetadata>;
  /** How often the origin has asked to slow down. @default 0 */
  readonly slowDowns?: number;
  /** Lets go of sockets. */
  close(): void;
}
