import { ImageCacheError } from '../errors.ts';
import type { ItemError } from '../protocol.ts';

/** A picture on its way to the bucket. */
export interface PictureToStore {
  key: string;
  /** Of the body, hex. */
  sha256: string;
  contentType: string;
  body: Buffer;
}

/** Where pictures are stored for good. The uploads know nothing of S3; they are given one of these. */
export interface UploadBucket {
  /** The canonical URL of the object with this key. */
  urlOf(key: string): string;
  /**
   * Stores a picture under its key, if it is not there yet, and resolves when the bucket has proved that it has these very bytes.
   * @returns the ETag of the object, with its quotes; empty if the bucket has told none
   * @throws UploadFailure; after the signal was aborted, anything
   */
  store(picture: PictureToStore, signal: AbortSignal): Promise<{ etag: string }>;
  /** Closes sockets. */
  close(): void;
}

/**
 * What a failure means for the upload and for all others:
 * - `unreachable`: there was no answer, so it says nothing of the picture.
 * - `transient`: the bucket has answered that it could not (5xx, 429).
 * - `blocked`: something is wrong that is put right elsewhere: credentials, the name of the bucket.
 * - `refused`: the bucket does not take this picture, and will not.
 */
export type FailureKind = 'unreachable' | 'transient' | 'blocked' | 'refused';

/** Why a picture is not in the bucket. */
export class UploadFailure extends ImageCacheError {
  readonly kind: FailureKind;

  constructor(kind: FailureKind, error: ImageCacheError) {
    super(error.code, error.message, { hint: error.hint, cause: error, retryAfterMs: error.retryAfterMs });
    this.kind = kind;
  }

  /** Any thrown value. What no bucket has said is a fault of this machine, such as a disk that cannot be read. */
  static of(error: unknown): UploadFailure {
    return error instanceof UploadFailure ? error : new UploadFailure('blocked', ImageCacheError.from(error));
  }

  override toItem(): ItemError {
    return {
      ...super.toItem(),
      ...((this.kind === 'unreachable' || this.kind === 'transient') && { transient: true }),
    };
  }
}
