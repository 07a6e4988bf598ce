import { ImageCacheError } from '../../errors.ts';
import { originalDigest } from '../manifest/manifestEntry.ts';
import type { ManifestIndex } from '../manifest/manifestIndex.ts';
import type { PackedImage } from './packEntry.ts';

export interface ImportLimits {
  /** Bytes. */
  maxSize: number;
  maxEntries: number;
  /** Bytes of one actor; `undefined` for an actor without a quota. */
  quotaOf?: ((actorId: string) => number | undefined) | undefined;
}

/** Adds up what the images of a pack would add to the cache, so that a pack that does not fit is refused before anything happens. */
export class ImportRoom {
  readonly #index: ManifestIndex;
  readonly #limits: ImportLimits;
  /** The beginnings of the digests of images that are new, as numbers, which take less memory. */
  readonly #digests = new Set<number>();
  readonly #actors = new Map<string, number>();
  #entries = 0;
  /** Bytes that the cache would become larger by. Images that share a file count once. */
  bytes = 0;

  constructor(index: ManifestIndex, limits: ImportLimits) {
    this.#index = index;
    this.#limits = limits;
  }

  /** @throws ImageCacheError PACK_TOO_LARGE if there are more images than the cache may have */
  add({ s3_url, sha256, size, actors }: PackedImage): void {
    const known = this.#index.get(s3_url);
    if (known !== undefined && [known.sha256, originalDigest(known)].includes(sha256)) return;
    if (known === undefined) this.#entries += 1;
    if (this.#index.size + this.#entries > this.#limits.maxEntries)
      throw tooLarge('more images than `maxEntries` allows');
    const digest = Number.parseInt(sha256.slice(0, 12), 16);
    if (!this.#digests.has(digest) && this.#index.getByDigest(sha256) === undefined) this.bytes += size;
    this.#digests.add(digest);
    for (const actor of actors)
      if (this.#hasQuota(actor)) this.#actors.set(actor, (this.#actors.get(actor) ?? 0) + size);
  }

  /**
   * @param otherBytes bytes in the directory that are no images of the manifest, and count for `maxSize`
   * @throws ImageCacheError PACK_TOO_LARGE
   */
  ensure(otherBytes: number): void {
    const { maxSize, quotaOf } = this.#limits;
    const free = maxSize - this.#index.totalBytes - otherBytes;
    if (this.bytes > free) {
      throw tooLarge(`${this.bytes} bytes of new images, and \`maxSize\` leaves room for ${Math.max(0, free)}`);
    }
    for (const [actor, bytes] of this.#actors) {
      if (this.#index.bytesOf(actor) + bytes > (quotaOf?.(actor) ?? Infinity)) {
        throw tooLarge('more bytes of one actor than its quota allows');
      }
    }
  }

  #hasQuota(actor: string): boolean {
    return this.#limits.quotaOf?.(actor) !== undefined;
  }
}

export function tooLarge(what: string): ImageCacheError {
  return new ImageCacheError('PACK_TOO_LARGE', `The pack does not fit into the cache: it has ${what}.`, {
    hint: 'Importing removes nothing to make room. Raise the limit, clear what is no longer needed, or export fewer images.',
  });
}

/** The refusal of a pack that would have fitted when it began, and does not any more. */
export function packFull(limit: string): ImageCacheError {
  return tooLarge(`more than \`${limit}\` leaves room for by now`);
}
