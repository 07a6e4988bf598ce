import { ImageCacheError } from '../../errors.ts';
import type { RefetchAnswer } from '../../inspectorProtocol.ts';
import type { ImageRef } from '../injected/source.ts';
import type { SharedManifest } from '../manifest/sharedManifest.ts';
import type { Fetcher } from './fetcher.ts';
import type { RefusedObjects } from './refusedObjects.ts';

export interface RefetcherOptions<Ref extends ImageRef> {
  manifest: SharedManifest;
  fetcher: Fetcher<Ref>;
  refused: RefusedObjects;
}

/**
 * Fetches an image again, whole and whatever its ETag says, and replaces the copy only when the new one is complete and stored. So an
 * image whose signature has expired is never lost. A copy with the same bytes stays, unless its file is missing or damaged.
 */
export class Refetcher<Ref extends ImageRef> {
  readonly #options: RefetcherOptions<Ref>;

  constructor(options: RefetcherOptions<Ref>) {
    this.#options = options;
  }

  /** @throws ImageCacheError what a download throws; the cached image is then unchanged */
  async refetch(ref: Ref, actorId: string, signal: AbortSignal): Promise<RefetchAnswer> {
    const { manifest, fetcher, refused } = this.#options;
    refused.forget(ref.key);
    const known = (await manifest.refreshed()).get(ref.key);
    if (known !== undefined) {
      const changed = await fetcher.revalidate(ref, known, { urgency: 'high', signal, isForced: true });
      const entry = changed?.entry ?? manifest.store.index.get(ref.key);
      if (entry !== undefined) return { status: changed === undefined ? 'unchanged' : 'replaced', entry };
      // It was evicted or cleared meanwhile, so it is stored anew.
    }
    const { entry, isStored } = await fetcher.fetch(ref, { actorId, urgency: 'high', signal });
    if (isStored) return { status: 'stored', entry };
    throw new ImageCacheError('ABORTED', 'The image was invalidated or cleared while it was fetched.', {
      hint: 'Fetch it again.',
    });
  }
}
