import { LRUCache } from 'lru-cache';
import { ImageCacheError } from '../../errors.ts';
import type { ErrorCode, ItemError } from '../../protocol.ts';
import type { CachePart } from '../manifest/cachePart.ts';
import type { AppliedChange } from '../manifest/manifestStore.ts';
import type { ImageSink } from './imageSink.ts';

/** What is wrong with an object itself, and stays so until it is uploaded again. */
const CONTENT_CODES: ReadonlySet<ErrorCode> = new Set([
  'IMAGE_TOO_LARGE',
  'NOT_AN_IMAGE',
  'UNSUPPORTED_ENCODING',
  'UNSUPPORTED_TYPE',
]);

const MAX_OBJECTS = 10_000;
const REMEMBERED_MS = 24 * 60 * 60_000;
/** Where nothing proves the object to be at fault any longer; enough for a page that asks again and again. */
const DOUBTFUL_MS = 60_000;

interface Refusal {
  /** Of the object that was refused; empty when the origin sent none. */
  etag: string;
  error: ItemError;
  /** Bytes it was allowed to have. */
  maxBytes: number;
  at: number;
}

/**
 * Objects whose content was refused, by their ETag, in this process: so that their bytes are not fetched again only to be
 * refused again. The origin is asked each time whether the object is still that one, which costs no body; so an upload
 * that mends it is seen at once. Where the origin sends no ETag, the refusal is believed for a minute. So long, too, it is
 * remembered that a body of no announced length was cut at the same byte twice.
 */
export class RefusedObjects implements CachePart {
  readonly #now: () => number;
  readonly #refusals = new LRUCache<string, Refusal>({ max: MAX_OBJECTS });

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Hears of every change, from whichever process: what is invalidated or cleared is to be looked at again. */
  applied({ change }: AppliedChange): void {
    if (change.op === 'clear') this.#refusals.clear();
    if (change.op === 'delete' && change.reason === 'invalidated') for (const key of change.keys) this.forget(key);
  }

  forget(key: string): void {
    this.#refusals.delete(key);
  }

  /** Remembers an error of a download, if it is about what the object holds. */
  note(key: string, error: unknown, sink: ImageSink): void {
    if (!(error instanceof ImageCacheError) || sink.etag === undefined) return;
    // A body that was cut is remembered only when the object itself is to blame, and not the network: then the fault is not a passing one.
    const isCut = error.code === 'UPSTREAM_TRUNCATED' && error.toItem().transient !== true;
    if (!CONTENT_CODES.has(error.code) && !isCut) return;
    const { etag, maxBytes } = sink;
    this.#refusals.set(key, { etag, error: error.toItem(), maxBytes, at: this.#now() });
  }

  /**
   * The ETag of the object if it was refused, for the question whether it is still that one.
   * @throws ImageCacheError the refusal, where the origin could not say
   */
  etagOf(key: string, maxBytes: number): string | undefined {
    const refusal = this.#find(key, maxBytes);
    if (refusal?.etag === '') throw errorOf(refusal);
    return refusal?.etag;
  }

  /** The refusal of an object that is still the same. */
  refusalOf(key: string, maxBytes: number): ImageCacheError {
    const refusal = this.#find(key, maxBytes);
    if (refusal !== undefined) return errorOf(refusal);
    // Forgotten while the origin was asked.
    return new ImageCacheError('UPSTREAM_ERROR', 'The origin answered 304 for an image that is not cached.', {
      hint: 'Ask for the image again.',
    });
  }

  #find(key: string, maxBytes: number): Refusal | undefined {
    const refusal = this.#refusals.get(key);
    if (refusal === undefined) return undefined;
    const { at, etag, error } = refusal;
    // Without an ETag the object may have been mended; and what ended twice at the same byte may have been cut by a proxy.
    const isDoubtful = etag === '' || error.code === 'UPSTREAM_TRUNCATED';
    const isOver = Math.abs(this.#now() - at) >= (isDoubtful ? DOUBTFUL_MS : REMEMBERED_MS);
    // Another actor may have room for it.
    const mayFit = error.code === 'IMAGE_TOO_LARGE' && maxBytes > refusal.maxBytes;
    return isOver || mayFit ? undefined : refusal;
  }
}

function errorOf({ error }: Refusal): ImageCacheError {
  return new ImageCacheError(error.code, error.detail, { hint: error.hint });
}
