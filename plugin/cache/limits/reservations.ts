import type { ManifestEntry } from '../../protocol.ts';
import type { ManifestIndex } from '../manifest/manifestIndex.ts';
import { createMutex } from '../queue/mutex.ts';

interface ReservationsOptions {
  /** What is in the manifest now. */
  index: () => ManifestIndex;
  limits: Amount;
}

interface Amount {
  bytes: number;
  entries: number;
}

/** Images that are being stored, and for which room is made before they are. */
export class Reservations {
  readonly #options: ReservationsOptions;
  readonly #images = new Set<ManifestEntry>();
  /** Those of them that have been in the manifest: one that was evicted since is not to come any more. */
  readonly #arrived = new WeakSet<ManifestEntry>();
  /** One at a time, so that nobody is passed over. */
  readonly #admissions = createMutex();
  #onLeft: (() => void) | undefined;

  constructor(options: ReservationsOptions) {
    this.#options = options;
  }

  /** Resolves when the image is one of them: of half of all room at most, else they would push out each other. */
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

  /** The image has been stored, or could not be. */
  release(image: ManifestEntry): void {
    this.#images.delete(image);
    this.#onLeft?.();
  }

  /** What is not in the manifest yet. It is there some time before it is synced; counted twice, it would cost others their place. */
  pending(): Amount {
    const index = this.#options.index();
    const pending = { bytes: 0, entries: 0 };
    for (const image of this.#images) {
      if (index.getByPath(image.local_path) !== undefined) this.#arrived.add(image);
      if (this.#arrived.has(image)) continue;
      pending.bytes += image.size_bytes;
      pending.entries += 1;
    }
    return pending;
  }

  #isTooMuch({ size_bytes }: ManifestEntry): boolean {
    const { limits } = this.#options;
    const { bytes, entries } = this.pending();
    return bytes + size_bytes > limits.bytes / 2 || entries + 1 > limits.entries / 2;
  }
}
