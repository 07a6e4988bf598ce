import { ImageCacheError } from '../../errors.ts';
import type { ImportAnswer, ManifestEntry, PackProgress } from '../../protocol.ts';
import type { ImageRef } from '../injected/source.ts';
import type { CachePart } from '../manifest/cachePart.ts';
import { actorsOf } from '../manifest/manifestEntry.ts';
import type { ManifestIndex } from '../manifest/manifestIndex.ts';
import type { SharedManifest } from '../manifest/sharedManifest.ts';
import { exportPack } from './exportPack.ts';
import type { ImportContext } from './importImage.ts';
import { PackImport } from './importPack.ts';

/** Which images a pack has, and who waits for it. */
export interface ExportPackOptions {
  /**
   * Only the images that this actor uses. The pack then names no other actor, and its files are filed under this one.
   * @default the images of all actors
   */
  actorId?: string | undefined;
  /** Only these images, by any URLs of their objects. Those that are not cached are passed over. @default all images */
  urls?: Iterable<string> | undefined;
  /** Aborts the export. */
  signal?: AbortSignal | undefined;
  /** Called after each image. */
  onProgress?: ((progress: PackProgress) => void) | undefined;
}

export interface ImportPackOptions {
  /** Aborts the import. What was imported until then stays. */
  signal?: AbortSignal | undefined;
  /** Called after each file of the pack. */
  onProgress?: ((progress: PackProgress) => void) | undefined;
}

export interface PacksOptions<Ref extends ImageRef> extends ImportContext<Ref> {
  /** The cache directory. */
  dir: string;
  manifest: SharedManifest;
}

/** Each of them keeps a file open, and up to a few images in memory. */
const MAX_RUNNING = 4;

/** Exports and imports packs, and aborts those that run when the cache is closed. */
export class Packs<Ref extends ImageRef> implements CachePart {
  readonly #options: PacksOptions<Ref>;
  readonly #closed = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  constructor(options: PacksOptions<Ref>) {
    this.#options = options;
  }

  /** As `ImageCache.exportPack`. */
  async *export({ actorId, urls, signal, onProgress }: ExportPackOptions): AsyncGenerator<Uint8Array, void, void> {
    const { dir, manifest, isBusy } = this.#options;
    const index = await manifest.refreshed();
    const entries = urls === undefined ? allOf(index, actorId) : this.#named(urls, index, actorId);
    yield* exportPack({ dir, entries, actorId, isBusy, signal: this.#until(signal), onProgress });
  }

  /** As `ImageCache.importPack`. */
  async import(input: AsyncIterable<Uint8Array>, { signal, onProgress }: ImportPackOptions): Promise<ImportAnswer> {
    if (this.#running.size >= MAX_RUNNING) {
      throw new ImageCacheError('OVERLOADED', `${MAX_RUNNING} packs are being imported already.`, {
        hint: 'Try again when one of them is done.',
      });
    }
    const importing = this.#import(input, { signal, onProgress });
    this.#running.add(importing);
    try {
      return await importing;
    } finally {
      this.#running.delete(importing);
    }
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await Promise.allSettled(this.#running);
  }

  async #import(input: AsyncIterable<Uint8Array>, { signal, onProgress }: ImportPackOptions): Promise<ImportAnswer> {
    await this.#options.manifest.refreshed();
    return new PackImport(this.#options, { input, signal: this.#until(signal), onProgress }).run();
  }

  /** @throws ImageCacheError for a URL of no configured bucket */
  #named(urls: Iterable<string>, index: ManifestIndex, actorId: string | undefined): ManifestEntry[] {
    const entries = new Set<ManifestEntry>();
    for (const url of urls) {
      const entry = index.get(this.#options.identify(url).key);
      if (entry !== undefined && (actorId === undefined || actorsOf(entry).includes(actorId))) entries.add(entry);
    }
    return [...entries];
  }

  #until(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined ? this.#closed.signal : AbortSignal.any([signal, this.#closed.signal]);
  }
}

function allOf(index: ManifestIndex, actorId: string | undefined): readonly ManifestEntry[] {
  return actorId === undefined ? index.toArray() : [...index.valuesOf(actorId)];
}
