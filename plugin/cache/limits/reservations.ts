import type { ManifestEntry } from '../../protocol.ts';
import { actorsOf } from '../manifest/manifestEntry.ts';
import type { ManifestIndex } from '../manifest/manifestIndex.ts';
import { createMutex } from '../queue/mutex.ts';

interface ReservationsOptions {
  /** The current content of the manifest. */
  index: () => ManifestIndex;
  limits: Amount;
}

interface Amount {
  bytes: number;
  entries: number;
}

/** Room that is reserved for images while they are being stored. */
export class Reservations {
  readonly #options: ReservationsOptions;
  readonly #images = new Set<ManifestEntry>();
  /** Images among them that have been in the manifest. If one was evicted since, it no longer counts as pending. */
  readonly #arrived = new WeakSet<ManifestEntry>();
  /** Reservations are made one at a time, in order, so that a large image is not passed over. */
  readonly #admissions = createMutex();
  #onLeft: (() => void) | undefined;

  constructor(options: ReservationsOptions) {
    this.#options = options;
  }

  /** Resolves when room is reserved. Reservations never exceed half of the cache, or images being stored would evict each other. */
  reserve(image: ManifestEntry): Promise<void> {
    return this.#admissions(async () => {
      while (this.#images.size > 0 && this.#isTooMuch(image)) {
        await new Promise<void>((resolve) => {
          this.#onLeft = resolve;
        });
      }
      this.#images.add(image);
    });
  }

  /** Ends the reservation: the image has been stored, or storing it failed. */
  release(image: ManifestEntry): void {
    this.#images.delete(image);
    this.#onLeft?.();
  }

  /**
   * Reserved room that is not in the manifest yet. An image is in the manifest some time before it is synced; counting it twice
   * would evict other images.
   */
  pending(): Amount {
    const index = this.#options.index();
    const pending = { bytes: 0, entries: 0 };
    const digests = new Set<string>();
    for (const { s3_url, sha256, size_bytes } of this.#notArrived()) {
      const sharesFile = digests.has(sha256) || index.getByDigest(sha256) !== undefined;
      if (!sharesFile) pending.bytes += size_bytes;
      digests.add(sha256);
      if (index.get(s3_url) === undefined) pending.entries += 1; // else it replaces its entry
    }
    return pending;
  }

  /** Bytes of an actor's images that are not in the manifest yet. */
  pendingOf(actor: string): number {
    let bytes = 0;
    for (const image of this.#notArrived()) if (actorsOf(image).includes(actor)) bytes += image.size_bytes;
    return bytes;
  }

  *#notArrived(): Generator<ManifestEntry> {
    const index = this.#options.index();
    for (const image of this.#images) {
      if (index.getByPath(image.local_path) !== undefined) this.#arrived.add(image);
      if (!this.#arrived.has(image)) yield image;
    }
  }

  #isTooMuch({ size_bytes }: ManifestEntry): boolean {
    const { limits } = this.#options;
    const { bytes, entries } = this.pending();
    return bytes + size_bytes > limits.bytes / 2 || entries + 1 > limits.entries / 2;
  }
}
