import { ImageCacheError } from '../../errors.ts';
import type { ErrorCode, ItemError } from '../../protocol.ts';
import { createRecentMap } from '../../recentMap.ts';
import type { CachePart } from '../manifest/cachePart.ts';
import type { AppliedChange } from '../manifest/manifestStore.ts';
import type { ImageSink } from './imageSink.ts';

/** Faults of an object itself, which last until it is uploaded again. */
const CONTENT_CODES: ReadonlySet<ErrorCode> = new Set([
  'IMAGE_TOO_LARGE',
  'NOT_AN_IMAGE',
  'UNSUPPORTED_ENCODING',
  'UNSUPPORTED_TYPE',
]);

const MAX_OBJECTS = 10_000;
const REMEMBERED_MS = 24 * 60 * 60_000;
/** How long a refusal counts if the object may have been repaired unnoticed: enough for a page that requests it repeatedly. */
const DOUBTFUL_MS = 60_000;

interface Refusal {
  /** ETag of the refused object; empty when the origin sent none. */
  etag: string;
  error: ItemError;
  /** Maximum size that applied, in bytes. */
  maxBytes: number;
  at: number;
}

/**
 * Remembers objects whose content was refused, by their ETag, in this process, so that their bytes are not fetched again
 * only to be refused again. The origin is asked each time whether the object is unchanged, which costs no body, so a
 * repaired upload is noticed at once. If the origin sends no ETag, the refusal counts for a minute. So does the refusal of a
 * body without an announced length that was cut at the same byte twice.
 */
export class RefusedObjects implements CachePart {
  readonly #now: () => number;
  readonly #refusals = createRecentMap<Refusal>(MAX_OBJECTS);

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Notes each change, including the changes of other processes: an image that is invalidated or cleared is checked again. */
  applied({ change }: AppliedChange): void {
    if (change.op === 'clear') this.#refusals.clear();
    if (change.op === 'delete' && change.reason === 'invalidated') for (const key of change.keys) this.forget(key);
  }

  forget(key: string): void {
    this.#refusals.delete(key);
  }

  /** Remembers an error of a download, if it is about the content of the object. */
  note(key: string, error: unknown, sink: ImageSink): void {
    if (!(error instanceof ImageCacheError) || sink.etag === undefined) return;
    // A body that was cut is remembered only if the object is to blame and not the network, so that the fault will last.
    const isCut = error.code === 'UPSTREAM_TRUNCATED' && error.toItem().transient !== true;
    if (!CONTENT_CODES.has(error.code) && !isCut) return;
    const { etag, maxBytes } = sink;
    this.#refusals.set(key, { etag, error: error.toItem(), maxBytes, at: this.#now() });
  }

  /**
   * Returns the ETag of the refused object, to ask whether it is unchanged; `undefined` if it was not refused.
   * @throws ImageCacheError the refusal, if the origin sends no ETag
   */
  etagOf(key: string, maxBytes: number): string | undefined {
    const refusal = this.#find(key, maxBytes);
    if (refusal?.etag === '') throw errorOf(refusal);
    return refusal?.etag;
  }

  /** Returns the refusal of an object that is unchanged. */
  refusalOf(key: string, maxBytes: number): ImageCacheError {
    const refusal = this.#find(key, maxBytes);
    if (refusal !== undefined) return errorOf(refusal);
    // The refusal was forgotten while the origin was asked.
    return new ImageCacheError('UPSTREAM_ERROR', 'The origin answered 304 for an image that is not cached.', {
      hint: 'Request the image again.',
    });
  }

  #find(key: string, maxBytes: number): Refusal | undefined {
    const refusal = this.#refusals.get(key);
    if (refusal === undefined) return undefined;
    const { at, etag, error } = refusal;
    // Without an ETag, the object may have been repaired. A body that ended twice at the same byte may have been cut by a
    // proxy.
    const isDoubtful = etag === '' || error.code === 'UPSTREAM_TRUNCATED';
    const isOver = Math.abs(this.#now() - at) >= (isDoubtful ? DOUBTFUL_MS : REMEMBERED_MS);
    // The limit of another actor may be higher.
    const mayFit = error.code === 'IMAGE_TOO_LARGE' && maxBytes > refusal.maxBytes;
    return isOver || mayFit ? undefined : refusal;
  }
}

function errorOf({ error }: Refusal): ImageCacheError {
  return new ImageCacheError(error.code, error.detail, { hint: error.hint });
}
