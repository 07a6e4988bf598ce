import { ImageCacheError } from '../errors.ts';
import type { ItemError } from '../protocol.ts';

/** A picture on its way to the bucket. */
export interface PictureToStore {
  key: string;
  /** Of the body, hex. */
  sha256: string;
  contentType: string;
  body: Buffer;
  /** Whether its references are kept: then the object says so, and may be deleted when it has none. */
  isCounted: boolean;
}

/** An object of the bucket, without its bytes. */
interface ObjectLook {
  key: string;
  /** By the clock of the bucket, in milliseconds since the epoch. */
  modifiedAt: number;
}

/** What `look` finds out. */
export interface ObjectState extends ObjectLook {
  /** Whether it was stored as a picture whose references are kept. */
  isCounted: boolean;
}

/** One of a listing. */
interface ListedObject extends ObjectLook {
  /** In bytes; `NaN` if the store does not say it. */
  size: number;
}

/** A part of a listing, in the order of the keys. */
export interface ListedObjects {
  objects: readonly ListedObject[];
  /** The time by the clock of the bucket; `NaN` if it has not told. */
  now: number;
  isComplete: boolean;
}

/** Where pictures are stored for good. The uploads know nothing of S3; they are given one of these. */
export interface UploadBucket {
  /** The canonical URL of the object with this key. */
  urlOf(key: string): string;
  /**
   * Stores a picture under its key, if it is not there yet, and resolves when the bucket has proved that it has these very bytes.
   * @param beforeProof called when the object was written, or was there already, and before it is looked at. If it rejects, so does this.
   * @returns the ETag of the object, with its quotes; empty if the bucket has told none
   * @throws UploadFailure; after the signal was aborted, anything
   */
  store(
    picture: PictureToStore,
    signal: AbortSignal,
    beforeProof?: (signal: AbortSignal) => Promise<void>,
  ): Promise<{ etag: string }>;
  /** `undefined` if there is no object of this key. @throws UploadFailure */
  look(key: string, signal: AbortSignal): Promise<ObjectState | undefined>;
  /** Writes an empty object, also in the place of one that is there. @throws UploadFailure */
  mark(key: string, signal: AbortSignal): Promise<void>;
  /**
   * Removes an object, which need not be there.
   * @param ensureTimely called when the request has been signed, right before it is sent; it throws if it is too late
   * @throws UploadFailure
   */
  remove(key: string, signal: AbortSignal, ensureTimely?: () => void): Promise<void>;
  /** At most a thousand objects whose keys begin with `prefix`, and come after `after`. @throws UploadFailure */
  list(prefix: string, after: string | undefined, signal: AbortSignal): Promise<ListedObjects>;
  /** Closes sockets. */
  close(): void;
}

/**
 * What a failure means for the upload and for all others:
 * - `unreachable`: there was no answer, so it says nothing of the picture.
 * - `transient`: the bucket has answered that it could not (5xx, 429).
 * - `held`: this very picture is being deleted at the moment. It says nothing of the bucket.
 * - `blocked`: something is wrong that is put right elsewhere: credentials, the name of the bucket.
 * - `refused`: the bucket does not take this picture, and will not.
 */
export type FailureKind = 'unreachable' | 'transient' | 'held' | 'blocked' | 'refused';

/** Why something could not be done in the bucket. */
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
    const isPassing = this.kind === 'unreachable' || this.kind === 'transient' || this.kind === 'held';
    return { ...super.toItem(), ...(isPassing && { transient: true }) };
  }
}
